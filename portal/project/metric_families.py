"""What /metrics holds: one function for each part of the product. Ages are in seconds."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Min, Q, Sum
from django_q.models import Failure, Success
from prometheus_client.core import GaugeMetricFamily

from connect import standing
from connect.clients import budget
from connect.health import conditions
from connect.models import (
    ApiBudget,
    Connection,
    Health,
    Incident,
    IncidentStatus,
    Stage,
    WriteRepair,
)
from connect.standing import Word
from connect.write_errors import counts
from portal.project import probes, waiting
from tenants.batching import together
from tenants.models import Message, Tenant

LATELY = timedelta(hours=1)
Families = Iterator[GaugeMetricFamily]


def read(now: datetime) -> Families:
    """Yield every family, with a fixed number of queries."""
    yield from _tenants(now)
    yield from _health(now)
    yield from _work(now)
    yield from _outcomes(now)


def _tenants(now: datetime) -> Families:
    current = Connection.objects.filter(offboarded_at=None).order_by()
    stages = dict(current.values_list("stage").annotate(Count("pk")))
    stages[Stage.OFFBOARDED] = Tenant.objects.filter(offboarded_at__isnull=False).count()
    yield _by("tenants", "Tenants by stage.", "stage", stages, Stage.values)
    blocked = current.filter(blocked_at__isnull=False).count()
    yield _one("tenants_blocked", "Tenants that wait for staff.", blocked)
    said = {word.value: count for word, count in standing.counts(now).items()}
    about = "Current connections by the word of their badge."
    yield _by("standings", about, "standing", said, Word.values)
    about = "Live connections by condition."
    (counted,) = together(conditions.counts.asking(now))
    yield _by("connections", about, "condition", counted, ())


def _health(now: datetime) -> Families:
    opened = Incident.objects.filter(status=IncidentStatus.OPEN).order_by()
    kinds = opened.values_list("kind").annotate(Count("pk"))
    yield _by("incidents_open", "Open incidents by kind.", "kind", dict(kinds), ())
    person = opened.filter(needs_person_since__isnull=False).count()
    about = "Open incidents that need a person."
    yield _one("incidents_needing_person", about, person)
    live = Health.objects.filter(connection__stage=Stage.LIVE)
    sums = live.aggregate(
        backlog=Sum("backlog", default=0),
        oldest=Min("backlog_since"),
        seen=Max("sampled_at"),
    )
    yield _one("writes_waiting", "Writes that Heroku Connect has not sent yet.", sums["backlog"])
    yield _age("writes_oldest_seconds", "Age of the oldest waiting write.", now, sums["oldest"])
    yield _age("refresh_age_seconds", "Time since a connection was seen.", now, sums["seen"])
    yield _one("writes_failed", "Failed writes in the tenants' logs.", counts.total())


def _work(now: datetime) -> Families:
    due = Connection.objects.filter(next_attempt_at__lte=now, blocked_at=None)
    oldest = due.aggregate(at=Min("next_attempt_at"), count=Count("pk"))
    yield _one("work_due", "Connections whose next step is due.", oldest["count"])
    yield _age(
        "work_oldest_due_seconds", "How long the oldest due step has waited.", now, oldest["at"]
    )
    yield _one("queue_length", "Tasks in the queue, none if Redis is away.", waiting.length())
    queued, beat = waiting.age(now), probes.heartbeat_age()
    yield _span("queue_age_seconds", "How long the oldest work has waited for a worker.", queued)
    yield _span("worker_heartbeat_age_seconds", "Time since a worker's beat.", beat)
    budgets = {row.peer: budget.calls_left(row, now) for row in ApiBudget.objects.all()}
    yield _by("call_budget", "Calls that are left of a peer's allowance.", "peer", budgets, ())


def _outcomes(now: datetime) -> Families:
    since = now - LATELY
    tasks = {
        "success": Success.objects.filter(stopped__gt=since).count(),
        "failure": Failure.objects.filter(stopped__gt=since).count(),
    }
    yield _by("tasks_last_hour", "Tasks that ended in the last hour.", "outcome", tasks, ())
    mails = Message.objects.filter(created_at__gt=since).order_by()
    by_status = dict(mails.values_list("status").annotate(Count("pk")))
    yield _by("mails_last_hour", "E-mails written in the last hour.", "status", by_status, ())
    repairs = WriteRepair.objects.filter(~Q(result=""), ended_at__gt=since).order_by()
    results = dict(repairs.values_list("result").annotate(Count("pk")))
    yield _by("repairs_last_hour", "Repaired writes that ended.", "result", results, ())


def _family(name: str, about: str, labels: Sequence[str] = ()) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"multiconnect_{name}", about, labels=labels)


def _one(name: str, about: str, value: float | None) -> GaugeMetricFamily:
    """Make a family of a single number without a label, or of none if it is unknown."""
    family = _family(name, about)
    if value is not None:
        family.add_metric((), value)
    return family


def _by(
    name: str, about: str, label: str, numbers: Mapping[Any, int], always: Iterable[str]
) -> GaugeMetricFamily:
    """Make a family with one number a label; those of `always` are there even when 0."""
    family = _family(name, about, [label])
    for value, number in {**dict.fromkeys(always, 0), **numbers}.items():
        family.add_metric([str(value)], number)
    return family


def _age(name: str, about: str, now: datetime, since: datetime | None) -> GaugeMetricFamily:
    return _span(name, about, now - since if since else None)


def _span(name: str, about: str, span: timedelta | None) -> GaugeMetricFamily:
    """Make a family of one span in seconds, without a number where there is no span."""
    if span is None:
        return _family(name, about)
    return _one(name, about, max(span.total_seconds(), 0))
