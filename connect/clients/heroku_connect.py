"""Heroku Connect: discovery at one central host, everything else at the connection's own region.

Every function raises the errors of connect.clients.http; an address that a peer names and that is
not on the allow-list (tenants.hosts) is Permanent. States are kept as the text that came.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

from django.conf import settings

from connect.clients.documents import Document
from connect.clients.http import (
    Answer,
    Limits,
    Peer,
    Permanent,
    RemoteError,
    segment,
)
from tenants import hosts

logger = logging.getLogger(__name__)

SYSTEM = "Heroku Connect"
MOST_PAGES = 100
# A list of thousands of connections takes its time, and goes to a file.
LISTING = Limits(read=30, total=60, body=512 * 1024 * 1024, retries=1)


@dataclass(frozen=True)
class Summary:
    """A connection as discovery lists it. `resource_name` is the add-on's name."""

    id: str
    resource_name: str
    region_url: str


@dataclass(frozen=True)
class MappingDetail:
    """One mapping; the counts are Heroku Connect's estimates, None where it gave none."""

    id: str
    object_name: str
    state: str
    access: str
    config: dict[str, Any] = field(repr=False)
    rows_in_database: int | None
    rows_in_salesforce: int | None
    rows_pending: int | None
    rows_failed: int | None


@dataclass(frozen=True)
class Detail:
    """A connection as its region tells it; "" where the peer said null or nothing."""

    id: str
    state: str
    schema_name: str
    db_key: str
    organization_id: str
    username: str
    api_version: str
    mappings: tuple[MappingDetail, ...]
    view_all_data: bool | None  # of the Salesforce user; None until somebody authorized
    raw: dict[str, Any] = field(repr=False)

    @property
    def ordered_writes(self) -> bool:
        """Whether writes are sent one by one, as is usual now, or merged a row at a time."""
        features = self.raw.get("features")
        given = features.get("poll_db_no_merge") if isinstance(features, dict) else None
        return given is not False


def link(app: str, resource_name: str | None = None) -> list[Summary]:
    """Give the token's user access to the app's connections, and list them. Safe to repeat.

    A new add-on shows up in connections() only after this. `resource_name` picks one of the list.
    """
    answer = _central().call("POST", f"/auth/{segment(app)}")
    return _summaries(answer.document().children("connections"), resource_name)


def connections(app: str, resource_name: str | None = None) -> list[Summary]:
    """List the app's linked connections, all pages of them."""
    params = {"app": app, **({"resource_name": resource_name} if resource_name else {})}
    answer = _central().call("GET", "/connections", params=params)
    found = []
    for _ in range(MOST_PAGES):
        page = answer.document()
        found += _summaries(page.children("results"), resource_name)
        following = page.text_or_blank("next")
        if not following:
            break
        answer = _follow(following)
    return found


def detail(region_url: str, connection_id: str, deep: bool = False) -> Detail:
    """Look at one connection; its mappings only come with `deep`."""
    params = {"deep": "true"} if deep else {}
    document = _region(region_url).call("GET", _path(connection_id), params=params).document()
    return read_detail(document, deep)


def configure(region_url: str, connection_id: str, db_key: str, schema_name: str) -> int:
    """Tell the connection its database and schema. A 2xx (the status returned) proves nothing."""
    document = {"db_key": db_key, "schema_name": schema_name}
    region = _region(region_url)
    return region.call("PATCH", _path(connection_id), document=document, reads=False).status


def authorize_url(
    region_url: str,
    connection_id: str,
    environment: str,
    domain: str,
    next: str,
    api_version: str | None = None,
) -> str:
    """Return a fresh, short-lived address where the org's admin authorizes the connection.

    `environment` is production, sandbox or custom; `domain` counts only with custom. `next` is
    where the browser goes afterwards.
    """
    document = {"environment": environment, "next": next}
    if environment == "custom":
        document["domain"] = domain
    if api_version:
        document["api_version"] = api_version
    region = _region(region_url)
    answer = region.call("POST", _path(connection_id, "authorize_url"), document=document)
    redirect = answer.document().text("redirect")
    _checked(_of_salesforce_or_heroku, redirect)
    return redirect


def import_mappings(region_url: str, connection_id: str, document: Mapping[str, Any]) -> None:
    """Hand over mappings in the export format. They are merged, and only later: look."""
    path = _path(connection_id, "actions/import")
    _region(region_url).call("POST", path, document=dict(document), reads=False)


def export(region_url: str, connection_id: str) -> dict[str, Any]:
    """Return the connection's mappings as an export document."""
    path = _path(connection_id, "actions/export")
    document = _region(region_url).call("GET", path).document()
    document.children("mappings")
    return document.raw


def pause(region_url: str, connection_id: str) -> None:
    """Stop synchronizing; only an idle connection can. Changes in Postgres are kept for later."""
    _act(region_url, connection_id, "pause")


def resume(region_url: str, connection_id: str) -> None:
    """Go on after pause()."""
    _act(region_url, connection_id, "resume")


def restart(region_url: str, connection_id: str) -> None:
    """Clear errors and try to go on."""
    _act(region_url, connection_id, "restart")


def call(
    method: str, region_url: str, connection_id: str = "", rest: str = "", **more: Any
) -> Answer:
    """Make a call about one connection, or about all: for the rooms beside this one."""
    if connection_id:
        return _region(region_url).call(method, _path(connection_id, rest), **more)
    return _region(region_url, LISTING).call(method, "/api/v3/connections", **more)


def call_region(method: str, region_url: str, path: str, **more: Any) -> Answer:
    """Make a call that is about no connection as such: for the rooms beside this one."""
    return _region(region_url).call(method, path, **more)


def _act(region_url: str, connection_id: str, action: str) -> None:
    path = _path(connection_id, f"actions/{action}")
    _region(region_url).call("POST", path, reads=False)


def _path(connection_id: str, rest: str = "") -> str:
    path = f"/api/v3/connections/{segment(connection_id)}"
    return f"{path}/{rest}" if rest else path


def _central() -> Peer:
    return _peer(settings.HEROKU_CONNECT_URL, settings.HEROKU_API_TOKEN)


def _region(region_url: str, limits: Limits | None = None) -> Peer:
    return _peer(_checked(hosts.heroku_connect, region_url), settings.HEROKU_API_TOKEN, limits)


@lru_cache(maxsize=32)
def _peer(url: str, token: str, limits: Limits | None = None) -> Peer:
    return Peer(SYSTEM, url, token, limits=limits)


def _follow(link_to: str) -> Answer:
    url = urljoin(f"{settings.HEROKU_CONNECT_URL.rstrip('/')}/connections", link_to)
    parts = urlsplit(_checked(hosts.heroku_connect, url))
    peer = _peer(f"{parts.scheme}://{parts.netloc}", settings.HEROKU_API_TOKEN)
    return peer.call("GET", parts.path, params=dict(parse_qsl(parts.query)))


def _checked(check: Callable[[str], str], url: str) -> str:
    try:
        return check(url)
    except hosts.HostNotAllowed as error:
        raise Permanent(SYSTEM, None, f"named a foreign address: {error}") from error


def _of_salesforce_or_heroku(url: str) -> str:
    try:
        return hosts.heroku_connect(url)
    except hosts.HostNotAllowed:
        return hosts.salesforce(url)


def _summaries(documents: list[Document], resource_name: str | None) -> list[Summary]:
    found = []
    for document in documents:
        if resource_name and document.text_or_blank("resource_name") != resource_name:
            continue
        try:
            found.append(_summary(document))
        except RemoteError as error:
            if resource_name:
                raise
            logger.warning("left out of the list of connections: %s", error)
    return found


def _summary(document: Document) -> Summary:
    return Summary(
        id=document.text("id"),
        resource_name=document.text("resource_name"),
        region_url=_checked(hosts.heroku_connect, _region_url(document)),
    )


def _region_url(document: Document) -> str:
    if given := document.text_or_blank("region_url"):
        return given
    detail_url = document.text_or_blank("detail_url")
    parts = urlsplit(detail_url)
    if not parts.netloc:
        return document.text("region_url")
    base, found, _ = detail_url.partition("/api/v3/")
    return base if found else f"{parts.scheme}://{parts.netloc}"


def read_detail(document: Document, deep: bool) -> Detail:
    """Read a connection's document, whichever call it came by."""
    salesforce = document.child_or_empty("sf_info")
    user = document.child_or_empty("user_info")
    return Detail(
        id=document.text("id"),
        state=document.text("state"),
        schema_name=document.text_or_blank("schema_name"),
        db_key=document.text_or_blank("db_key"),
        organization_id=document.text_or_blank("organization_id")
        or salesforce.text_or_blank("organization_id"),
        username=salesforce.text_or_blank("username") or user.text_or_blank("username"),
        api_version=salesforce.text_or_blank("api_version"),
        mappings=tuple(_mapping(each) for each in document.children("mappings")) if deep else (),
        view_all_data=_view_all_data(user.child_or_empty("profile_perms")),
        raw=document.raw,
    )


def _view_all_data(permissions: Document) -> bool | None:
    # The identity document holds the words "true" and "false", not booleans.
    given = permissions.raw.get("PermissionsViewAllData")
    return None if given is None else str(given).lower() == "true"


def _mapping(document: Document) -> MappingDetail:
    config = document.child_or_empty("config")
    counts = document.child_or_empty("counts")
    return MappingDetail(
        id=document.text("id"),
        object_name=document.text("object_name"),
        state=document.text("state"),
        access=document.text_or_blank("access") or config.text_or_blank("access"),
        config=config.raw,
        rows_in_database=counts.number_or_none("db"),
        rows_in_salesforce=counts.number_or_none("sf"),
        rows_pending=counts.number_or_none("pending"),
        rows_failed=counts.number_or_none("errors"),
    )
