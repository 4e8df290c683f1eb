"""Which addresses a webhook may have: https only, and never a private address.

A name is judged again with each call, when its addresses are known (tenants/http/public.py).
"""

import ipaddress
import socket
from urllib.parse import urlsplit

from tenants.http import public

_PORTS = {"https": 443, "http": 80}
WRONG = "Enter an address as https://events.your-company.example/multiconnect."
NOT_HTTPS = "Only https is called: the events could be read on their way."
PRIVATE = "This is a private address. Only addresses of the public internet are called."


def problem(url: str) -> str:
    """Return what is wrong with an address, as a sentence; "" if it may be called."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return WRONG
    # Parsers disagree on such addresses, so another host might be called than the one judged.
    is_odd = parts.username is not None or "\\" in url or any(map(_is_odd, url))
    if not host or port is None or parts.fragment or is_odd:
        return WRONG
    if public.is_excepted(host, port):
        return ""
    if parts.scheme != "https":
        return NOT_HTTPS
    return PRIVATE if _is_private(host) else ""


def host_of(url: str) -> str:
    """Return the host of an address that has no problem."""
    return urlsplit(url).netloc


def _is_odd(character: str) -> bool:
    return not character.isascii() or not character.isprintable() or character == " "


def _is_private(host: str) -> bool:
    """Return whether a host is a private address; a name is judged when it is called."""
    if host == "localhost" or host.endswith((".localhost", ".local", ".internal")):
        return True
    address = _address(host)
    return address is not None and not public.is_public(address)


def _address(host: str) -> str | None:
    """Return a host that is an IP address in the usual form; None for a name."""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    try:
        return socket.inet_ntoa(socket.inet_aton(host))  # 127.1, 0x7f.1 or 2130706433
    except OSError:
        return None
