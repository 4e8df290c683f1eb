"""Keeping secrets out of logs, stored errors and pages: by their values and their shapes."""

import logging
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import lru_cache
from typing import Any
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed

HIDDEN = "[hidden]"
MIN_LENGTH = 8  # characters; a shorter value would hide ordinary words

# A setting with such a name is a secret, in a dict of settings too; ALLOWED_… and so on are not.
_SECRET_NAME = re.compile(
    r"(?:TOKEN|SECRET|PASSWORD|API_KEY|FERNET_KEY|SECRET_KEY|SIGNING_KEY|WEBHOOK_URL|OTLP_HEADER)"
    r"S?(?:_FALLBACKS)?$"
)
_NAMES = (
    "access_token|refresh_token|id_token|client_secret|client_assertion|code_verifier|code|token"
    "|secret|password|api_?key|sessionid|csrftoken|known_browser"
)
_SHAPES = re.compile(
    # Form values, JSON and cookies by their names.
    rf"(?P<name>\b(?:{_NAMES})[\"']?\s*[=:]\s*[\"']?"
    # An Authorization header of any scheme, and the usual schemes without the header.
    r"|\bauthorization[\"']?\s*[=:]\s*[\"']?(?:\w+\s+)?"
    r"|\bbearer\s+|\b(?:basic|oauth)\s+(?=[^\s\"',;]*[\d!+/=])(?=[^\s\"',;]{6})"
    # The password of an address, and the signed part of our own links.
    r"|://[^\s/:@\"']*:(?=[^\s/\"']*@)"
    r"|/(?:authenticate|connect|connection_auth_complete|not-me)/(?=[\w-]+:)"
    r")[^\s&\"',;}@]+"
    # JSON Web Tokens, Heroku's HRKU-…, Salesforce's 00D…!… and 5Aep…, our API tokens and secrets.
    r"|\beyJ[\w-]{5,}\.[\w-]+(?:\.[\w-]*)?|HRKU-[\w-]+|\b00D\w{12,15}![\w.-]+|\b5Aep[\w.-]+"
    r"|\bmct_[\w-]{20,}|\bwhsec_[\w+/=]{20,}",
    re.IGNORECASE,
)


def redact(text: str) -> str:
    """Return `text` with every known secret and all that looks like one replaced by "[hidden]"."""
    values = _known()
    if values:
        text = values.sub(HIDDEN, text)
    return _SHAPES.sub(lambda found: (found["name"] or "") + HIDDEN, text)


def hide(text: str, values: Iterable[str]) -> str:
    """Return `text` without certain values, such as those that a request was sent with."""
    for value in sorted(values, key=len, reverse=True):
        if len(value) >= MIN_LENGTH:
            text = text.replace(value, HIDDEN)
    return text


class RedactionFilter(logging.Filter):
    """Redact the finished message and the traceback of every record."""

    def filter(self, record: logging.LogRecord) -> bool:
        # Redacted as a whole, because a secret may be split between the text and its arguments.
        record.msg, record.args = redact(record.getMessage()), None
        # logging reuses exc_text, so handlers that come later print the redacted one.
        if record.exc_info and not record.exc_text:
            record.exc_text = redact(logging.Formatter().formatException(record.exc_info))
        return True


@lru_cache(maxsize=1)
def _known() -> re.Pattern[str] | None:
    """Return a pattern of the settings' own secrets, the longest first."""
    named = ((name, _setting(name)) for name in dir(settings) if name.isupper())
    found = {value for name, setting in named for value in _secrets_of(name, setting)}
    wanted = {form for value in found for form in (value, quote(value, safe=""))}
    long = sorted((value for value in wanted if len(value) >= MIN_LENGTH), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, long))) if long else None


def _setting(name: str) -> Any:
    # Django refuses to give an empty SECRET_KEY. What says so must not fail because of it.
    with suppress(ImproperlyConfigured):
        return getattr(settings, name, None)
    return None


def _secrets_of(name: str, setting: Any) -> Iterator[str]:
    if isinstance(setting, dict):
        for key, value in setting.items():
            yield from _secrets_of(str(key).upper(), value)
    elif isinstance(setting, list | tuple):
        for value in setting:
            yield from _secrets_of(name, value)
    elif isinstance(setting, str) and _SECRET_NAME.search(name):
        yield setting
        yield from setting.split(":")  # e.g. user:password
        yield setting.partition("=")[2]  # e.g. api-key=…
    elif isinstance(setting, str) and "://" in setting:
        yield from _password_of(setting)


def _password_of(url: str) -> Iterator[str]:
    try:
        password = urlsplit(url).password
    except ValueError:
        return
    if password:
        yield password


def _forget(**_kwargs: Any) -> None:
    _known.cache_clear()


setting_changed.connect(_forget)
