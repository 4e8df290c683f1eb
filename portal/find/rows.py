"""Finding what has a number or a foreign id. One query for all kinds: a union of small ones."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, CharField, F, Model, QuerySet, TextField, Value, When
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce, Left
from django.urls import reverse

from connect.models import (
    HostApp,
    Incident,
    IncidentKind,
    IncidentStatus,
    MappingTemplate,
    Rollout,
    RolloutStatus,
)
from connect.standing import TONES, Word
from portal import show
from portal.admin.pages.health.incidents import STATUS_TONES
from portal.admin.panels.rollout import TONES as ROLLOUT_TONES
from portal.find.found import MAX_RESULTS, Found, Kind, Typed
from portal.models import BulkRun
from tenants import batching
from tenants.models import Callout, Event, EventKind, Message, MessageKind, MessageStatus, Tenant

NOTE = 120  # characters of a result's note
Rows = QuerySet[Any]
Tenants = list[Tenant]  # those that were found


@dataclass(frozen=True)
class RowKind:
    """Rows of a model that a search may find.

    `rows`   the rows that the text means, or None where it cannot mean any. Needs an index.
    `texts`  the title, the note and the state of a row, as SQL.
    `title`  what is shown as the title, from the row's number and the title that was read.
    `state`  what is shown of the state, and its tone.
    """

    slug: str
    label: str
    model: type[Model]
    rows: Callable[[Typed, Tenants], Rows | None]
    texts: tuple[Any, Any, Any]
    title: Callable[[int, str], str]
    state: Callable[[str], tuple[str, str]] = lambda word: ("", "")

    @property
    def permission(self) -> str:
        return f"{self.model._meta.app_label}.view_{self.model._meta.model_name}"

    def select(self, typed: Typed, tenants: Tenants) -> Rows | None:
        """Return the rows in the columns that all kinds share."""
        rows = self.rows(typed, tenants)
        if rows is None:
            return None
        title, note, state = (Cast(each, TextField()) for each in self.texts)
        columns = {"title": title, "note": Left(note, NOTE), "state": state}
        kind = Value(self.slug, CharField())
        return rows.values_list(kind, "pk", *columns.values())[:MAX_RESULTS]

    def found(self, pk: int, title: str, note: str, state: str) -> Found:
        meta = self.model._meta
        address = reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[pk])
        return Found(self.title(pk, title), address, note, *self.state(state))


def _numbered(model: type[Model], field: str = "pk") -> Callable[[Typed, Tenants], Rows | None]:
    def rows(typed: Typed, tenants: Tenants) -> Rows | None:
        if typed.number is None:
            return None
        return model._default_manager.order_by().filter(**{field: typed.number})

    return rows


def _incidents(typed: Typed, tenants: Tenants) -> Rows:
    """Return the incident of a number, else those of the tenants that the text finds."""
    rows = Incident.objects.order_by()
    if typed.number is not None:
        return rows.filter(pk=typed.number)
    unclosed = rows.exclude(status=IncidentStatus.CLOSED)
    return unclosed.filter(connection__tenant__in=tenants).order_by("-suspected_at")


def _of_id(model: type[Model], field: str) -> Callable[[Typed, Tenants], Rows | None]:
    def rows(typed: Typed, tenants: Tenants) -> Rows | None:
        if not typed.is_id:
            return None
        return model._default_manager.order_by().filter(**{field: typed.text})

    return rows


def _events(typed: Typed, tenants: Tenants) -> Rows | None:
    if not typed.is_id:
        return None
    of_requests = Event.objects.order_by().annotate(request=KT("data__request_id"))
    # has_key repeats the condition of the index, or Postgres would not use it.
    return of_requests.filter(request=typed.text, data__has_key="request_id")


def _answer(status: str) -> tuple[str, str]:
    number = int(status or 0)
    tone = show.GOOD if number < 400 else show.BAD if number >= 500 else show.WAIT
    return (status, tone) if status else ("not answered", show.BAD)


def _incident(state: str) -> tuple[str, str]:
    if state == Word.RECOVERING:
        return str(Word.RECOVERING.label), TONES[Word.RECOVERING]
    return str(IncidentStatus(state).label), STATUS_TONES[IncidentStatus(state)]


# An open one whose trouble is absent is recovering (Incident.is_recovering).
_INCIDENT_STATE = Case(
    When(status=IncidentStatus.OPEN, absent_since__isnull=False, then=Value(Word.RECOVERING.value)),
    default=F("status"),
)
_TENANT_OF_INCIDENT = Coalesce("connection__tenant__name", "region_url")
_RUN_STATE = Case(
    When(finished_at=None, cancelled_at=None, waiting_for__gt="", then=Value("Waiting")),
    When(finished_at=None, cancelled_at=None, then=Value("Running")),
    When(cancelled_at=None, then=Value("Ended")),
    default=Value("Cancelled"),
)
_RUN_TONES = {"Running": show.BUSY, "Waiting": show.WAIT}
KINDS = (
    RowKind(
        "incidents",
        "Incidents",
        Incident,
        _incidents,
        (F("kind"), _TENANT_OF_INCIDENT, _INCIDENT_STATE),
        lambda pk, kind: f"Incident {pk}: {IncidentKind(kind).label}",
        _incident,
    ),
    RowKind(
        "rollouts",
        "Roll-outs",
        Rollout,
        _numbered(Rollout),
        (F("author"), F("notes"), F("status")),
        lambda pk, author: f"Roll-out {pk} by {author}",
        lambda word: (str(RolloutStatus(word).label), ROLLOUT_TONES[RolloutStatus(word)]),
    ),
    RowKind(
        "host-apps",
        "Host apps",
        HostApp,
        lambda typed, tenants: HostApp.objects.order_by("name").filter(
            name__istartswith=typed.text
        ),
        (F("name"), F("region"), Value("")),
        lambda pk, name: name,
    ),
    RowKind(
        "versions",
        "Mapping versions",
        MappingTemplate,
        _numbered(MappingTemplate, "version"),
        (F("version"), F("notes"), Value("")),
        lambda pk, version: f"Version {version}",
    ),
    RowKind(
        "runs",
        "Bulk runs",
        BulkRun,
        _numbered(BulkRun),
        (F("label"), F("about"), _RUN_STATE),
        lambda pk, label: f"Run {pk}: {label}",
        lambda word: (word, _RUN_TONES.get(word, show.MUTED)),
    ),
    RowKind(
        "callouts",
        "Callouts",
        Callout,
        _of_id(Callout, "request_id"),
        (F("request_id"), F("outcome"), F("status")),
        lambda pk, request: f"Callout of request {request}",
        _answer,
    ),
    RowKind(
        "messages",
        "Messages",
        Message,
        _of_id(Message, "provider_id"),
        (F("kind"), F("to"), F("status")),
        lambda pk, kind: str(MessageKind(kind).label),
        lambda word: (str(MessageStatus(word).label), show.MESSAGE_TONES[MessageStatus(word)]),
    ),
    RowKind(
        "events",
        "Events",
        Event,
        _events,
        (F("kind"), F("text"), Value("")),
        lambda pk, kind: str(EventKind(kind).label),
    ),
)


def kinds(user: Any, typed: Typed, tenants: Tenants) -> Iterable[Kind]:
    """Return what a user may see of these kinds."""
    seen = [kind for kind in KINDS if user.has_perm(kind.permission)]
    selected = [rows for kind in seen if (rows := kind.select(typed, tenants)) is not None]
    if not selected:
        return []
    by_kind: dict[str, list[Found]] = {}
    known = {kind.slug: kind for kind in seen}
    for slug, *row in batching.union(*selected, all=True):
        by_kind.setdefault(slug, []).append(known[slug].found(*row))
    return [Kind(kind.slug, kind.label, by_kind.get(kind.slug, [])) for kind in seen]
