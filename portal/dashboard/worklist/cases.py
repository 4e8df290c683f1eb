"""What the worklist says of a row: why it needs somebody, since when, and what can be pressed."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, Model, QuerySet

from connect import remedies, standing
from connect.formats import sentence
from connect.models import Connection, Incident
from connect.remedies import Remedy
from connect.standing import Standing, Tone
from portal.actions import undoing
from portal.actions.action import Staff
from portal.dashboard.attention import Cause
from portal.dashboard.worklist import buttons, keys, presses
from portal.dashboard.worklist.buttons import Press
from portal.dashboard.worklist.reading import Found
from portal.models import BulkItem
from portal.outcomes import OPEN
from tenants.batching import Asking, batched
from tenants.models import Tenant

NOBODY_NEEDED = "It needs nobody any more."


@dataclass(frozen=True)
class Case:
    """One row. `cause` None: it needs nobody any more, but a page shows it still.

    `remedy` says what to do, and `act` is its button: None if nobody has to act, or the user may
    not. `since` is when the trouble began, `good_at` the last good sync.
    """

    key: str
    cause: Cause | None
    name: str
    url: str
    label: str
    tone: str
    since: datetime | None
    why: str
    remedy: str
    act: Press | None
    others: list[Press]
    owner: str
    facts: list[str]
    good_at: datetime | None
    snoozed_until: datetime | None
    snooze_note: str
    presses: list[BulkItem]
    undoable: set[int]

    @property
    def is_tenant(self) -> bool:
        """Whether it is about a tenant, and not a roll-out, for example."""
        return self.key.startswith(f"{Tenant._meta.model_name}-")

    @property
    def is_moving(self) -> bool:
        """Whether the worker has something to do that was pressed here."""
        return any(item.status in OPEN for item in self.presses)


Rows = list[tuple[Cause | None, Any, datetime | None]]


@dataclass(frozen=True)
class Gathered:
    """Rows with all that is known of them, for any user. `rows` are (cause, row, since)."""

    rows: Rows
    standings: dict[Any, Standing]
    pressed: presses.Presses


def build(user: Staff, found: Sequence[Found], now: datetime) -> list[Case]:
    """Return the cases in the same order, with a fixed number of queries for each kind of row."""
    return of(user, gather(found, now), now)


@batched
def gather(found: Sequence[Found], now: datetime) -> Asking[Gathered]:
    """Read the rows of some cases, in the same order; all of it in one round."""
    keys = [(each.cause.judged, each.pk) for each in found]
    connections = [pk for model, pk in keys if model is Connection]
    facts = standing.asked(connections) if connections else ()
    pressed, *answers = yield [presses.asked(keys, now), *facts, *_rows(found)]
    (beside, incidents), loaded = answers[:2] if facts else ((), ()), answers[len(facts) :]
    rows = {(type(row), row.pk): row for some in loaded for row in some}
    there = [(each, rows[key]) for key, each in zip(keys, found, strict=True) if key in rows]
    of_connections = [row for _, row in there if isinstance(row, Connection)]
    standings = standing.of_asked(of_connections, beside, incidents, now)
    shown: Rows = [(each.cause, row, each.since) for each, row in there]
    return Gathered(shown, standings, presses.by_name(pressed))


def over(user: Staff, wanted: keys.Keys, seen: Iterable[str], now: datetime) -> list[Case]:
    """Return cases of the wanted rows that need nobody any more; `seen` are those that do."""
    left = {
        model: [pk for pk in pks if f"{model._meta.model_name}-{pk}" not in seen]
        for model, pks in wanted.items()
    }
    rows = [row for model, pks in left.items() if pks for row in _newest(model, pks)]
    return of(user, _gathered([(None, row, None) for row in rows], now), now)


def _newest(model: type[Model], pks: list[int]) -> list[Any]:
    if model is not Tenant:
        return list(model._default_manager.filter(pk__in=pks))
    rows = Connection.objects.filter(tenant__in=pks).order_by("tenant_id", "-generation")
    return list(rows.distinct("tenant_id").select_related("tenant__owner", "health"))


def _rows(found: Sequence[Found]) -> list[QuerySet[Any]]:
    """Return the query of the rows of each kind."""
    wanted: dict[type[Model], list[Found]] = defaultdict(list)
    for each in found:
        wanted[each.cause.judged].append(each)
    return [_of_kind(model, some) for model, some in wanted.items()]


def _of_kind(model: type[Model], found: Sequence[Found]) -> QuerySet[Any]:
    related = found[0].cause.related
    # The dashboard keeps these rows for a moment, and a password is nothing to keep.
    secret = [f"{path}__password" for path in related if path.endswith("owner")]
    rows = model._default_manager.filter(pk__in=[each.pk for each in found]).order_by()
    if model is Connection:  # its name alone: the row holds a token
        rows = rows.annotate(host_name=F("host_app__name"))
    return rows.select_related(*related).defer(*secret)


def _gathered(rows: Rows, now: datetime) -> Gathered:
    connections = [row for _, row, _ in rows if isinstance(row, Connection)]
    standings = standing.of_many(connections) if connections else {}
    pressed = presses.asked([(type(row), row.pk) for _, row, _ in rows], now)
    return Gathered(rows, standings, presses.by_name(pressed))


def of(user: Staff, gathered: Gathered, now: datetime) -> list[Case]:
    """Return the cases with the buttons of a user. No query."""
    cases = []
    for cause, row, since in gathered.rows:
        seen = gathered.standings[row.pk] if isinstance(row, Connection) else None
        pressed = gathered.pressed[keys.of(row)]
        cases.append(_case(user, cause, row, since, seen, pressed, now))
    return cases


def _case(
    user: Staff,
    cause: Cause | None,
    row: Any,
    since: datetime | None,
    seen: Standing | None,
    pressed: list[BulkItem],
    now: datetime,
) -> Case:
    shown = row.tenant if isinstance(row, Connection) else row
    label, tone, since, why = _said(cause, row, since, seen)
    remedy = _remedy(cause, row, seen)
    act = buttons.right_one(user, cause, row, remedy) if cause else None
    is_snoozed = hasattr(row, "is_snoozed") and row.is_snoozed(now)
    return Case(
        key=keys.of(row),
        cause=cause,
        name=str(shown),
        url=buttons.address(shown, "change"),
        label=label,
        tone=tone,
        since=since,
        why=why,
        remedy=remedy.do if remedy else "",
        act=act,
        others=buttons.others(user, row, now, act),
        owner=str(getattr(shown, "owner", None) or ""),
        facts=_facts(row),
        good_at=_good_at(row),
        snoozed_until=row.snoozed_until if is_snoozed else None,
        snooze_note=row.snooze_note if is_snoozed else "",
        presses=pressed,
        undoable=undoing.offered(pressed, user),
    )


def _said(
    cause: Cause | None, row: Any, since: datetime | None, seen: Standing | None
) -> tuple[str, str, datetime | None, str]:
    """Return the word, its tone, since when and why."""
    if cause is None:
        word, tone = (seen.label, seen.tone) if seen else ("Over", Tone.GOOD)
        return word, tone, None, NOBODY_NEEDED
    why = cause.why(row)
    if seen and not why:
        why, since = seen.reason, seen.since or since
    return cause.label, cause.tone, since, sentence(why)


def _remedy(cause: Cause | None, row: Any, seen: Standing | None) -> Remedy | None:
    if cause and isinstance(row, Incident):
        return remedies.of_incident(row)
    if cause and cause.remedy:
        return cause.remedy
    return seen.remedy if seen and cause and cause.has_remedy else None


def _facts(row: Any) -> list[str]:
    """Return what tells rows of the same name apart."""
    if not isinstance(row, Connection):
        return [str(row._meta.verbose_name).capitalize()]
    sandbox = ["Sandbox"] if row.tenant.is_sandbox else []
    return [row.tenant.org_id, *sandbox, *([row.plan] if row.plan else [])]


def _good_at(row: Any) -> datetime | None:
    health = getattr(row, "health", None) if isinstance(row, Connection) else None
    return health.good_at if health else None
