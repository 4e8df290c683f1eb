"""Heroku Connect: discovery at one central host, everything else at the connection's own region.

Every function raises the errors of connect.clients.http; a peer's address that is not on the
allow-list (tenants.hosts) is Permanent. States are stored unchanged.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from connect.clients import budget
from connect.clients.accounts import Account, App, Remote
from connect.clients.connection_detail import ConnectionDetail, read_detail
from connect.clients.http import (
    Answer,
    Limits,
    Peer,
    Permanent,
    RemoteError,
    segment,
)
from tenants import hosts
from tenants.http.json_object import JsonObject

logger = logging.getLogger(__name__)

SYSTEM = "Heroku Connect"
MAX_ADDRESS = 200  # characters, as in the column
# A list of thousands of connections is slow and large; it is written to a file.
LIST_LIMITS = Limits(read=30, total=60, body=512 * 1024 * 1024, retries=1)


@dataclass(frozen=True)
class ConnectionSummary:
    """A connection as discovery lists it. `resource_name` is the add-on's name."""

    id: str
    resource_name: str
    region_url: str


def link(app: App, resource_name: str | None = None) -> list[ConnectionSummary]:
    """Give the token's user access to the app's connections, and list them. Safe to repeat.

    Heroku Connect knows a new add-on only after this. `resource_name` selects one of the list.
    """
    answer = _central(app.account).call("POST", f"/auth/{segment(app.name)}")
    return _summaries(answer.document().objects("connections"), resource_name)


def detail(remote: Remote, deep: bool = False) -> ConnectionDetail:
    """Read one connection; with `deep`, its mappings too."""
    params = {"deep": "true"} if deep else {}
    document = _region(remote).call("GET", _path(remote), params=params).document()
    return read_detail(document, deep)


def configure(remote: Remote, db_key: str, schema_name: str) -> int:
    """Set the connection's database and schema; return the status. A 2xx does not prove success."""
    document = {"db_key": db_key, "schema_name": schema_name}
    region = _region(remote)
    return region.call("PATCH", _path(remote), document=document, reads=False).status


def authorize_url(
    remote: Remote,
    environment: str,
    domain: str,
    next: str,
) -> str:
    """Return a fresh, short-lived address where the org's admin authorizes the connection.

    `environment` is production, sandbox or custom; `domain` counts only with custom. `next` is
    where the browser goes afterwards.
    """
    document = {"environment": environment, "next": next}
    if environment == "custom":
        # Heroku's own client sends the domain only for a custom environment.
        document["domain"] = domain
    path = _path(remote, "authorize_url")
    answer = _region(remote).call("POST", path, document=document)
    redirect = answer.document().string("redirect")
    # The subscriber's browser is sent there, so a forged answer could lead to a fake login.
    _checked(_of_salesforce_or_heroku, redirect)
    return redirect


def import_mappings(remote: Remote, document: Mapping[str, Any]) -> None:
    """Import mappings in the export format. Heroku Connect merges them later: check the result."""
    path = _path(remote, "actions/import")
    _region(remote).call("POST", path, document=dict(document), reads=False)


def export(remote: Remote) -> dict[str, Any]:
    """Return the connection's mappings as an export document."""
    path = _path(remote, "actions/export")
    document = _region(remote).call("GET", path).document()
    # Raises without the list: such an export would look as if every mapping were deleted.
    document.objects("mappings")
    return document.raw


def pause(remote: Remote) -> None:
    """Pause an idle connection. Changes in Postgres are kept until it continues."""
    _act(remote, "pause")


def resume(remote: Remote) -> None:
    """Continue after pause()."""
    _act(remote, "resume")


def restart(remote: Remote) -> None:
    """Clear errors and try to continue."""
    _act(remote, "restart")


def call(method: str, remote: Remote, rest: str = "", **more: Any) -> Answer:
    """Call the API for one connection, or for all; for the other client modules."""
    if remote.connection_id:
        return _region(remote).call(method, _path(remote, rest), **more)
    return _region(remote, LIST_LIMITS).call(method, "/api/v3/connections", **more)


def call_region(method: str, remote: Remote, path: str, **more: Any) -> Answer:
    """Call the region's API outside a connection; for the other client modules."""
    return _region(remote).call(method, path, **more)


class _Connect(Peer):
    def __init__(self, url: str, token: str, account: str, limits: Limits | None) -> None:
        super().__init__(SYSTEM, url, token, limits=limits)
        self._account = account

    def on_response(self, headers: Mapping[str, str]) -> None:
        budget.recorder.count(self._account)


def _act(remote: Remote, action: str) -> None:
    path = _path(remote, f"actions/{action}")
    _region(remote).call("POST", path, reads=False)


def _path(remote: Remote, rest: str = "") -> str:
    path = f"/api/v3/connections/{segment(remote.connection_id)}"
    return f"{path}/{rest}" if rest else path


def _central(account: Account) -> Peer:
    return _peer(settings.HEROKU_CONNECT_URL, account.token, account.name)


def _region(remote: Remote, limits: Limits | None = None) -> Peer:
    url, account = _checked(hosts.heroku_connect, remote.region_url), remote.account
    return _peer(url, account.token, account.name, limits)


@lru_cache(maxsize=128)
def _peer(url: str, token: str, account: str, limits: Limits | None = None) -> Peer:
    return _Connect(url, token, account, limits)


def _checked(check: Callable[[str], str], url: str) -> str:
    try:
        return check(url)
    except hosts.HostNotAllowed as error:
        raise Permanent(SYSTEM, None, f"named an address that is not allowed: {error}") from error


def _of_salesforce_or_heroku(url: str) -> str:
    try:
        return hosts.heroku_connect(url)
    except hosts.HostNotAllowed:
        return hosts.salesforce(url)


def _summaries(documents: list[JsonObject], resource_name: str | None) -> list[ConnectionSummary]:
    found = []
    for document in documents:
        if resource_name and document.string_or_blank("resource_name") != resource_name:
            continue
        try:
            found.append(_summary(document))
        except RemoteError as error:
            # The one that is asked for must not be lost silently; in a list the others still count.
            if resource_name:
                raise
            logger.warning("left out of the list of connections: %s", error)
    return found


def _summary(document: JsonObject) -> ConnectionSummary:
    return ConnectionSummary(
        id=document.identifier("id"),
        resource_name=document.identifier("resource_name"),
        region_url=_checked(hosts.heroku_connect, _region_url(document)),
    )


def _region_url(document: JsonObject) -> str:
    if given := document.identifier_or_blank("region_url", MAX_ADDRESS):
        return given
    detail_url = document.identifier_or_blank("detail_url", MAX_ADDRESS)
    parts = urlsplit(detail_url)
    if not parts.netloc:
        return document.string("region_url")
    # Old answers have no region_url, and a detail_url with or without the API's path.
    base, found, _ = detail_url.partition("/api/v3/")
    return base if found else f"{parts.scheme}://{parts.netloc}"
