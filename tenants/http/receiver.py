"""Calls of an address that is secret and that a person has entered: the receiver of a webhook."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from tenants.http.limits import Limits
from tenants.http.peer import Peer


class Receiver(Peer):
    """The receiver of a webhook. No error, no log and no traceback repeats its address.

    Any complete 2xx will do, as Standard Webhooks says: Flask, Django, PHP and Slack send their
    “ok” as text/html.
    """

    accepts_pages = True

    def __init__(self, url: str, *, limits: Limits | None = None, public_only: bool = False):
        super().__init__("Webhook", url, limits=limits, public_only=public_only)
        self.secrets = tuple(_secrets_of(url))

    def __repr__(self) -> str:
        return "<Webhook>"

    def post(self, **sent: Any) -> int:
        """Send a body as `Peer.call` does; return the status, a 2xx. Raises RemoteError."""
        # The path of a call is logged, so it stays empty.
        return self.call("POST", "", reads=False, **sent).status


def _secrets_of(url: str) -> Iterator[str]:
    """Yield what an error page may quote of an address: all but its host."""
    rest = url.partition("://")[2]
    path = "/" + rest.partition("/")[2]
    _host, *words = re.split(r"[/?&=;#]", rest)
    for part in (url, path, path.strip("/"), *path.split("?"), *words):
        # PHP's JSON has each slash escaped.
        yield from (part, unquote(part), part.replace("/", "\\/"))
