"""Connections to public addresses only, for URLs that a person has entered.

A name is resolved once, every address of it is judged, and the connection goes to a judged address.
So a name whose address changes in between (DNS rebinding) leads to nothing private.
"""

import ipaddress
import socket
import time
from ipaddress import IPv4Address, IPv6Address
from typing import Any

from django.conf import settings
from urllib3.connection import HTTPConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from tenants.http.deadline import (
    DeadlineAdapter,
    PlainConnection,
    Pool,
    TlsConnection,
    TlsPool,
    current_deadline,
)

# All addresses of IPv6 that are handed out for the internet (RFC 4291, IANA).
_GLOBAL = ipaddress.ip_network("2000::/3")
# An IPv6 address of this network carries an IPv4 address (RFC 6052).
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class NotPublic(NewConnectionError):
    """The name leads to an address of a private network, or of this machine."""


def is_public(address: str) -> bool:
    """Return whether an IP address is one of the public internet, also what it carries inside."""
    found = ipaddress.ip_address(address.partition("%")[0])
    # What Python calls global holds networks that nobody has got, and old forms of IPv4 addresses.
    if isinstance(found, IPv6Address) and found not in _GLOBAL and found not in _NAT64:
        return False
    return all(each.is_global and not each.is_multicast for each in (found, *_inside(found)))


def _inside(address: IPv4Address | IPv6Address) -> list[IPv4Address]:
    """Return the IPv4 addresses to which an IPv6 address leads."""
    if isinstance(address, IPv4Address):
        return []
    carried = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in _NAT64:
        carried.append(IPv4Address(int(address) & 0xFFFFFFFF))
    return [each for each in carried if each]


def is_excepted(host: str, port: int | None) -> bool:
    """Return whether the settings allow this host and port although they are private."""
    allowed = {_normalized(each) for each in settings.WEBHOOK_PRIVATE_HOSTS}
    return _normalized(f"{host}:{port}") in allowed


def _normalized(host_and_port: str) -> str:
    return host_and_port.lower().replace("[", "").replace("]", "")


def _judged(connection: HTTPConnection) -> list[str]:
    """Return the addresses of a connection's host. Raises NotPublic, NameResolutionError."""
    host, port = connection.host, connection.port
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    # A label of a name may be too long for its encoding.
    except (socket.gaierror, UnicodeError) as error:
        raise NameResolutionError(host, connection, socket.gaierror(str(error))) from error
    addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
    # One private address is enough: the resolver chooses which of them comes first.
    if not is_excepted(host, port) and not all(map(is_public, addresses)):
        raise NotPublic(connection, "its name leads to an address that is not public")
    return addresses


class _Judging(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        name = self._dns_host
        problem: ConnectTimeoutError | None = None
        try:
            for address in _judged(self):
                if problem and time.monotonic() >= current_deadline.get():
                    break
                self._dns_host = address
                try:
                    return super()._new_conn()
                # Refused or silent: the next address may answer.
                except ConnectTimeoutError as error:
                    problem = error
        finally:
            # The name again: TLS compares it with the certificate.
            self._dns_host = name
        raise problem or NewConnectionError(self, "its name has no address")


class _PublicConnection(_Judging, PlainConnection):
    pass


class _PublicTlsConnection(_Judging, TlsConnection):
    pass


class _PublicPool(Pool):
    ConnectionCls = _PublicConnection


class _PublicTlsPool(TlsPool):
    ConnectionCls = _PublicTlsConnection


class PublicAdapter(DeadlineAdapter):
    """Connections that keep the deadline and reach public addresses only."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _PublicPool, "https": _PublicTlsPool}
