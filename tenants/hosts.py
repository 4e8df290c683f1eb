"""The hosts that the portal may call when a peer names them (region_url, instance_url, …).

A peer's answer is input. Without this list, a forged answer could send a bearer token anywhere.
"""

from collections.abc import Iterable
from urllib.parse import urlsplit

from django.conf import settings


class HostNotAllowed(ValueError):
    """A peer named a host that is not on its allow-list."""


def salesforce(url: str) -> str:
    """Return `url` without a trailing slash if it is Salesforce's. Raises HostNotAllowed."""
    own = (
        settings.SALESFORCE_LOGIN_URL,
        settings.SALESFORCE_TEST_URL,
        settings.SALESFORCE_MY_DOMAIN_URL.replace("{domain}", "any"),
    )
    return _allowed(url, settings.SALESFORCE_HOSTS, own)


def heroku_connect(url: str) -> str:
    """Return `url` without a trailing slash if it is Heroku Connect's. Raises HostNotAllowed."""
    return _allowed(url, settings.HEROKU_CONNECT_HOSTS, (settings.HEROKU_CONNECT_URL,))


def redirect_targets() -> list[str]:
    """Return where a subscriber's form may be redirected to, as sources of a CSP's form-action.

    Browsers check every address in the chain of redirects: Salesforce, and Heroku Connect after it.
    """
    named = (*settings.SALESFORCE_HOSTS, *settings.HEROKU_CONNECT_HOSTS)
    own = (
        settings.SALESFORCE_LOGIN_URL,
        settings.SALESFORCE_TEST_URL,
        settings.SALESFORCE_MY_DOMAIN_URL.replace("{domain}", "*"),
        settings.HEROKU_CONNECT_URL,
    )
    bases = [parts for parts in map(urlsplit, own) if parts.netloc != "*"]  # * is every host
    origins = dict.fromkeys(f"{parts.scheme}://{parts.netloc}" for parts in bases)
    return [*(f"https://*{suffix}" for suffix in named), *origins]


def _allowed(url: str, suffixes: Iterable[str], own: Iterable[str]) -> str:
    try:
        parts = urlsplit(url)
        origin = (parts.scheme, parts.hostname or "", parts.port)
    except ValueError:
        raise HostNotAllowed(f"{url!r} is not an address") from None
    # Parsers disagree on such addresses, so the host that is checked might not be called.
    if parts.username or parts.password or "\\" in url:
        raise HostNotAllowed(f"{url!r} is not a plain address")
    # Only over TLS on its usual port does the name prove who answers.
    by_name = parts.scheme == "https" and parts.port in (None, 443)
    if by_name and any(origin[1].endswith(suffix) for suffix in suffixes):
        return url.rstrip("/")
    if origin in {_origin(base) for base in own}:  # base URLs from the settings are trusted
        return url.rstrip("/")
    raise HostNotAllowed(f"{parts.hostname!r} is not one of the hosts that may be called")


def _origin(base: str) -> tuple[str, str, int | None]:
    parts = urlsplit(base)
    return parts.scheme, parts.hostname or "", parts.port
