"""The fields of a registration callout, each with its check.

A check takes a text of one line and returns it as it is stored. Raises ValueError with a sentence
for the sender.
"""

import re
import unicodedata
from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from tenants import orgid
from tenants.models import Environment

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# Only Salesforce's own domain: the browser and the client's secret are sent to this host.
_MY_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+my\.salesforce\.com")
_NAMESPACE = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9])*")
_RECORD_ID = re.compile(r"[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?")

# Embeddings, overrides and isolates: they show a name, and what stands beside it, in another order.
_DIRECTIONS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Letters and symbols by their category, but blank: the Hangul fillers and the empty Braille cell.
_BLANKS = frozenset("\u115f\u1160\u3164\uffa0\u2800")


def text(value: Any) -> str:
    """Return a value as one line of text. Raises ValueError for a value that Postgres cannot
    store.
    """
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError("This must be a string.")  # noqa: TRY004 (one kind of error for a field)
    line = " ".join(value.split())
    # Cs is half of a surrogate pair, which JSON can hold and UTF-8 cannot.
    if any(unicodedata.category(char) in ("Cc", "Cs") for char in line):
        raise ValueError("This contains control characters or invalid Unicode.")
    return line


def _up_to(length: int) -> Callable[[str], str]:
    def check(value: str) -> str:
        if len(value) > length:
            raise ValueError(f"This has {len(value)} characters; the maximum is {length}.")
        return value

    return check


def _name(text: str) -> str:
    if any(char in _DIRECTIONS for char in text):
        raise ValueError("This contains characters that change the direction of the text.")
    if text and not any(_is_visible(char) for char in text):
        raise ValueError("This contains only invisible characters.")
    return _up_to(255)(text)


def _is_visible(char: str) -> bool:
    return char not in _BLANKS and unicodedata.category(char)[0] in "LNPS"


def _email(text: str) -> str:
    try:
        validate_email(_up_to(254)(text))
    except ValidationError:
        raise ValueError("This is not an e-mail address.") from None
    # One mailbox has many quoted spellings, and no person writes theirs so.
    if '"' in text:
        raise ValueError("This must be an e-mail address without quotes.")
    return text


def _environment(text: str) -> str:
    if text.lower() not in Environment.values:
        raise ValueError(f"This must be one of: {', '.join(Environment.values)}.")
    return text.lower()


def _login_domain(text: str) -> str:
    host = text.lower()
    if len(host) > 255 or not _MY_DOMAIN.fullmatch(host):
        raise ValueError(
            "This must be a plain host name under .my.salesforce.com, such as "
            "acme.my.salesforce.com."
        )
    return host


def _namespace(text: str) -> str:
    if len(text) > 15 or not _NAMESPACE.fullmatch(text):
        raise ValueError(
            "A namespace has up to 15 letters, digits and single underscores, begins with a letter "
            "and does not end with an underscore."
        )
    return text


def _record_id(text: str) -> str:
    if not _RECORD_ID.fullmatch(text):
        raise ValueError("A Salesforce id has 15 or 18 letters and digits.")
    return text


REQUIRED = {"org_id", "org_name", "admin_email"}
COLUMNS = {"org_name": "name"}
CHECKS: dict[str, Callable[[str], str]] = {
    "org_id": orgid.normalize,
    "org_name": _name,
    "admin_email": _email,
    "environment": _environment,
    "login_domain": _login_domain,
    "namespace": _namespace,
    "package_version": _up_to(40),
    "installer_id": _record_id,
}
