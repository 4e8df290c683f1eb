"""What needs staff, the reason and a button, the oldest first."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Model
from django.urls import reverse

from connect import remedies, standing
from connect.formats import sentence
from connect.models import Connection, Incident
from connect.remedies import Remedy
from connect.standing import Standing
from portal import remedy_pages
from portal.actions import action as actions
from portal.actions.subject import Subject
from portal.dashboard import attention
from portal.dashboard.attention import Cause
from portal.dashboard.cards.links import tenants

MAX_SHOWN = 10


@dataclass(frozen=True)
class Case:
    """One row that needs staff. `remedy` says what to do.

    `press` is the label of its button, or of the link to the page where the remedy is done; empty
    if nobody has to act, or the user may not.
    """

    cause: Cause
    name: str
    since: datetime
    why: str
    url: str
    remedy: str
    press: str
    press_url: str
    is_link: bool


def read(user: Any, now: datetime) -> dict[str, Any]:
    """A query for each cause, and one more for each that there is; for any number of tenants."""
    counts = [(cause, cause.rows(now).count()) for cause in attention.CAUSES]
    present = [(cause, count) for cause, count in counts if count]
    found = [
        (since, row.pk, cause, row)
        for cause, _ in present
        for since, row in cause.oldest(now, MAX_SHOWN)
    ]
    # By the time and the id only, because causes cannot be compared.
    found.sort(key=lambda each: each[:2])
    total, shown = sum(count for _, count in present), found[:MAX_SHOWN]
    standings = standing.of_many(row for *_, row in shown if isinstance(row, Connection))
    cases = [
        _case(user, cause, row, since, standings.get(row.pk)) for since, _, cause, row in shown
    ]
    return {
        "total": total,
        "tallies": present,
        "cases": sorted(cases, key=lambda case: case.since),
        "hidden": total - min(total, MAX_SHOWN),
        "snoozed": Connection.objects.filter(snoozed_until__gt=now, offboarded_at=None).count(),
        "snoozed_in_trouble": attention.snoozed(now).count(),
        "snoozed_url": tenants(attention="snoozed"),
    }


def _case(user: Any, cause: Cause, row: Any, since: datetime, found: Standing | None) -> Case:
    is_connection = isinstance(row, Connection)
    # A connection is acted on at its tenant's page.
    shown, target = (row.tenant, Subject(row.tenant, row)) if is_connection else (row, row)
    remedy = _remedy(cause, row, found if is_connection else None)
    offered = {each.name: each for each in actions.offered(type(shown), user, target)}
    action = offered.get(remedy.action if remedy and remedy.action else cause.action)
    press = ("", "", False)
    if action:
        press = (action.label, _address(shown, "act", action.name), False)
    elif remedy and remedy.page and is_connection:
        press = (remedy.page.value, remedy_pages.address(remedy.page, row.tenant), True)
    why = cause.why(row)
    if found and is_connection and not why:
        why, since = found.reason, found.since or since
    do = remedy.do if remedy else ""
    return Case(cause, str(shown), since, sentence(why), _address(shown, "change"), do, *press)


def _remedy(cause: Cause, row: Any, found: Standing | None) -> Remedy | None:
    if isinstance(row, Incident):
        return remedies.of_incident(row)
    return found.remedy if found and cause.has_remedy else None


def _address(row: Model, view: str, *more: str) -> str:
    meta = row._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_{view}", args=[row.pk, *more])
