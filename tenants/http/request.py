"""What an exchange sends, and to whom."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any, Protocol

import requests

from tenants.http.errors import ErrorBody, RemoteError
from tenants.http.sessions import Bearer

SAFE = frozenset({"GET", "HEAD"})
PUBLIC = frozenset({"grant_type", "redirect_uri"})  # values of a form that are not secret


@dataclass(frozen=True)
class Request:
    """What is sent: a JSON document, ready bytes or a form.

    With `into` a 2xx body goes to that file; `reads` says if it must be JSON.
    """

    method: str
    path: str
    params: dict[str, str]
    document: Any
    content: bytes
    form: dict[str, str]
    headers: dict[str, str]
    auth: Bearer
    reads: bool
    into: IO[bytes] | None = None

    @property
    def secrets(self) -> list[str]:
        """What must not come back in a message: the token and the values of the form."""
        return [self.auth.token, *(self.form[name] for name in self.form.keys() - PUBLIC)]

    @property
    def safe(self) -> bool:
        """Whether the call changes nothing at the peer."""
        return self.method in SAFE


class Callee(Protocol):
    """What an exchange needs to know about the peer that it calls."""

    system: str
    base_url: str
    secrets: tuple[str, ...]
    accepts_pages: bool

    @property
    def session(self) -> requests.Session: ...

    def error_class(self, status: int, body: ErrorBody, *, safe: bool) -> type[RemoteError]: ...

    def on_response(self, headers: Mapping[str, str]) -> None: ...
