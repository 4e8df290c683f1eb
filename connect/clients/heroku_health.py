"""Heroku Connect's calls for health: the list of connections, diagnoses, notifications.

Every function raises the errors of connect.clients.http.
"""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from connect.clients import streams
from connect.clients.accounts import App, Remote
from connect.clients.connection_detail import ConnectionDetail, read_detail
from connect.clients.heroku_connect import SYSTEM, call
from connect.clients.http import RemoteError, Retryable, segment
from tenants.http.cleaning import clean
from tenants.http.json_object import JsonObject

MAX_IN_MEMORY = 256 * 1024  # bytes of a list; more goes to a file
MAX_NOTIFICATIONS = 1000
# Other years cannot be moved to every time zone, or are a mistake.
FIRST_YEAR, LAST_YEAR = 2000, 2200
PILES = ("errors", "warnings", "passes", "skips")


@dataclass(frozen=True)
class DiagnosisFinding:
    """One rule of a diagnosis. `about` is the mapping's object, "" for the connection."""

    pile: str
    about: str
    rule: str
    title: str
    message: str
    link: str


@dataclass(frozen=True)
class RemoteNotification:
    """One notification that is not acknowledged."""

    id: str
    at: datetime
    event_type: str
    message: str


def list_details(region_url: str, app: App, *, deep: bool) -> Iterator[ConnectionDetail]:
    """Yield all connections of an app in a region, from one call, in memory for one of them.

    The whole answer is received before the first connection is yielded. Unreadable entries are left
    out. `deep` adds the mappings.
    """
    params = {"app": app.name, **({"deep": "true"} if deep else {})}
    with tempfile.SpooledTemporaryFile(max_size=MAX_IN_MEMORY) as file:
        answer = call("GET", Remote(region_url, account=app.account), params=params, into=file)
        try:
            for each in streams.elements(file, "results"):
                try:
                    found = read_detail(JsonObject(clean(each), answer.missing), deep)
                except RemoteError:
                    continue
                yield found
        except streams.BadStream as error:
            raise Retryable(SYSTEM, answer.status, f"{error}", answer.request_id) from error


def start_diagnosis(remote: Remote) -> str:
    """Start a diagnosis; return the id for reading its result."""
    answer = call("POST", remote, "validations")
    # Only the id is kept: the result's address is built from the region that we have checked.
    address = answer.document().string("result_url").rstrip("/")
    run = JsonObject({"run id": address.rpartition("/")[2]}, answer.missing)
    return run.identifier("run id", 100)


def diagnosis(remote: Remote, run_id: str) -> list[DiagnosisFinding] | None:
    """Return what a diagnosis found; None while it runs."""
    answer = call("GET", remote, f"validations/{segment(run_id)}")
    # Heroku Connect answers 202 with an empty body as long as the checks run.
    if answer.status == 202 or answer.body is None:
        return None
    document = answer.document()
    found = _findings(document, "")
    for name, about in document.object_or_empty("mappings").raw.items():
        found += _findings(JsonObject(about, answer.missing), name)
    return found


def notifications(remote: Remote) -> list[RemoteNotification]:
    """Return the notifications that are not acknowledged."""
    params = {"page_size": str(MAX_NOTIFICATIONS)}
    answer = call("GET", remote, "notifications", params=params)
    return [
        RemoteNotification(
            each.identifier("id"),
            _moment(each.string_or_blank("created_at")) or timezone.now(),
            each.string_or_blank("event_type", 60),
            each.string_or_blank("message"),
        )
        for each in answer.document().objects("results")
    ]


def acknowledge(remote: Remote, before: datetime) -> None:
    """Acknowledge all notifications before a time. The API cannot acknowledge single ones."""
    params = {"before": before.isoformat(), "page_size": str(MAX_NOTIFICATIONS)}
    path = "notifications/acknowledge"
    call("POST", remote, path, params=params, reads=False)


def _findings(document: JsonObject, about: str) -> list[DiagnosisFinding]:
    return [
        DiagnosisFinding(
            pile,
            about,
            each.string_or_blank("rule_id"),
            each.string_or_blank("display_name"),
            each.string_or_blank("message"),
            _web_address(each.raw.get("doc_url")),
        )
        for pile in PILES
        # Any of the lists may be missing from a result.
        if document.raw.get(pile)
        for each in document.objects(pile)
    ]


def _moment(text: str) -> datetime | None:
    try:
        moment = parse_datetime(text)
    except ValueError:  # it looks like a time, but e.g. its month is 13
        return None
    if moment is None or not FIRST_YEAR <= moment.year <= LAST_YEAR:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _web_address(given: Any) -> str:
    # It becomes a link on a staff page, so only https is allowed.
    return given if isinstance(given, str) and given.startswith("https://") else ""
