"""What health asks of Heroku Connect's regions: the whole list, diagnosis, notifications.

Every function raises the errors of connect.clients.http.
"""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from connect.clients import heroku_connect, streams
from connect.clients.documents import Document
from connect.clients.heroku_connect import SYSTEM, Detail, call
from connect.clients.http import RemoteError, Retryable, segment

IN_MEMORY = 256 * 1024  # bytes of a list; more goes to a file
MOST_NOTIFICATIONS = 1000
PILES = ("errors", "warnings", "passes", "skips")


@dataclass(frozen=True)
class Finding:
    """One rule of a diagnosis. `about` is the mapping's object, "" for the connection."""

    pile: str
    about: str
    rule: str
    title: str
    message: str
    link: str


@dataclass(frozen=True)
class Notice:
    """One notification that nobody acknowledged yet."""

    id: str
    at: datetime
    event_type: str
    message: str


def listed(region_url: str, app: str, *, deep: bool) -> Iterator[Detail]:
    """Yield all connections of an app in a region, from one call, in memory for one of them.

    The whole answer is taken in before the first one is yielded. An entry that cannot be read is
    left out. `deep` adds the mappings.
    """
    params = {"app": app, **({"deep": "true"} if deep else {})}
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as file:
        answer = call("GET", region_url, params=params, into=file)
        try:
            for each in streams.elements(file, "results"):
                try:
                    found = heroku_connect.read_detail(Document(each, answer.without), deep)
                except RemoteError:
                    continue
                yield found
        except streams.BadStream as error:
            raise Retryable(SYSTEM, answer.status, f"{error}", answer.request_id) from error


def start_diagnosis(region_url: str, connection_id: str) -> str:
    """Begin a diagnosis; return the id under which its result can be asked for."""
    answer = call("POST", region_url, connection_id, "validations")
    return answer.document().text("result_url").rstrip("/").rpartition("/")[2]


def diagnosis(region_url: str, connection_id: str, run_id: str) -> list[Finding] | None:
    """Return what a diagnosis found; None while it runs."""
    answer = call("GET", region_url, connection_id, f"validations/{segment(run_id)}")
    if answer.status == 202 or answer.body is None:
        return None
    document = answer.document()
    found = _findings(document, "")
    for name, about in document.child_or_empty("mappings").raw.items():
        found += _findings(Document(about, answer.without), name)
    return found


def notifications(region_url: str, connection_id: str) -> list[Notice]:
    """Return the notifications that nobody acknowledged."""
    params = {"page_size": str(MOST_NOTIFICATIONS)}
    answer = call("GET", region_url, connection_id, "notifications", params=params)
    return [
        Notice(
            each.text("id"),
            parse_datetime(each.text_or_blank("created_at")) or timezone.now(),
            each.text_or_blank("event_type"),
            each.text_or_blank("message"),
        )
        for each in answer.document().children("results")
    ]


def acknowledge(region_url: str, connection_id: str, before: datetime) -> None:
    """Acknowledge every notification older than a moment: there is no way to name single ones."""
    params = {"before": before.isoformat(), "page_size": str(MOST_NOTIFICATIONS)}
    path = "notifications/acknowledge"
    call("POST", region_url, connection_id, path, params=params, reads=False)


def _findings(document: Document, about: str) -> list[Finding]:
    return [
        Finding(
            pile,
            about,
            each.text_or_blank("rule_id"),
            each.text_or_blank("display_name"),
            each.text_or_blank("message"),
            _web_address(each.raw.get("doc_url")),
        )
        for pile in PILES
        if document.raw.get(pile)
        for each in document.children(pile)
    ]


def _web_address(given: Any) -> str:
    # It becomes a link on a staff page: nothing but https may get there.
    return given if isinstance(given, str) and given.startswith("https://") else ""
