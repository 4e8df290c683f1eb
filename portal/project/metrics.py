"""/metrics: the portal's numbers for Prometheus, for who shows METRICS_TOKEN.

Source of the format: Prometheus' "Text-based format", version 0.0.4.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Max, Min, Q, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_q.models import Failure, OrmQ, Success

from connect.models import (
    ApiBudget,
    Condition,
    Connection,
    Health,
    Incident,
    IncidentStatus,
    Stage,
    WriteError,
    WriteRepair,
)
from portal.project import probes
from tenants.models import Message, Tenant

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
LATELY = timedelta(hours=1)
Labels = dict[str, str]


@dataclass(frozen=True)
class Gauge:
    """One family of numbers. Ages are in seconds."""

    name: str
    help: str
    values: Iterable[tuple[Labels, float]]

    def lines(self) -> Iterator[str]:
        """Yield the family as text."""
        name = f"multiconnect_{self.name}"
        yield f"# HELP {name} {self.help}"
        yield f"# TYPE {name} gauge"
        for labels, value in self.values:
            inner = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
            yield f"{name}{{{inner}}} {value:g}" if inner else f"{name} {value:g}"


@require_safe
@never_cache
def page(request: HttpRequest) -> HttpResponse:
    """Answer the numbers; 401 without the token, 404 where none is set."""
    if not settings.METRICS_TOKEN:
        raise Http404
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    known = scheme.lower() == "bearer" and constant_time_compare(given, settings.METRICS_TOKEN)
    if not known:
        return HttpResponse(
            "Show METRICS_TOKEN as a bearer token.\n",
            status=401,
            content_type="text/plain; charset=utf-8",
            headers={"WWW-Authenticate": "Bearer"},
        )
    return HttpResponse(text(timezone.now()), content_type=CONTENT_TYPE)


def text(now: datetime) -> str:
    """Return all families, with a fixed number of queries."""
    families = (*_tenants(), *_health(now), *_work(now), *_outcomes(now))
    return "\n".join(line for family in families for line in family.lines()) + "\n"


def _tenants() -> Iterator[Gauge]:
    current = Connection.objects.filter(offboarded_at=None).order_by()
    stages = dict(current.values_list("stage").annotate(Count("pk")))
    stages[Stage.OFFBOARDED] = Tenant.objects.filter(offboarded_at__isnull=False).count()
    yield _by("tenants", "Tenants by stage.", "stage", stages, Stage.values)
    blocked = current.filter(blocked_at__isnull=False).count()
    yield Gauge("tenants_blocked", "Tenants that wait for staff.", [({}, blocked)])
    live = Health.objects.filter(connection__stage=Stage.LIVE).order_by()
    conditions = dict(live.values_list("condition").annotate(Count("pk")))
    about = "Live connections by condition."
    yield _by("connections", about, "condition", conditions, Condition.values)


def _health(now: datetime) -> Iterator[Gauge]:
    opened = Incident.objects.filter(status=IncidentStatus.OPEN).order_by()
    kinds = opened.values_list("kind").annotate(Count("pk"))
    yield _by("incidents_open", "Open incidents by kind.", "kind", dict(kinds), ())
    person = opened.filter(needs_person_since__isnull=False).count()
    about = "Open incidents that the portal cannot mend."
    yield Gauge("incidents_needing_person", about, [({}, person)])
    sums = Health.objects.aggregate(
        backlog=Sum("backlog", default=0),
        oldest=Min("backlog_since"),
        seen=Max("sampled_at"),
    )
    yield Gauge("writes_waiting", "Writes not yet carried.", [({}, sums["backlog"])])
    yield _age("writes_oldest_seconds", "Age of the oldest waiting write.", now, sums["oldest"])
    yield _age("refresh_age_seconds", "Time since a connection was seen.", now, sums["seen"])
    failed = WriteError.objects.aggregate(failed=Sum("failed", default=0))["failed"]
    yield Gauge("writes_failed", "Failed writes in the tenants' logs.", [({}, failed)])


def _work(now: datetime) -> Iterator[Gauge]:
    due = Connection.objects.filter(next_attempt_at__lte=now, blocked_at=None)
    oldest = due.aggregate(at=Min("next_attempt_at"), count=Count("pk"))
    yield Gauge("work_due", "Connections whose next step is due.", [({}, oldest["count"])])
    yield _age("work_oldest_due_seconds", "How late the latest is.", now, oldest["at"])
    yield Gauge("queue_length", "Tasks in the database's queue.", [({}, OrmQ.objects.count())])
    queued, beat = probes.queue_age(now), probes.heartbeat_age(now)
    yield _span("queue_age_seconds", "Age of the oldest queued task.", queued)
    yield _span("worker_heartbeat_age_seconds", "Time since a worker's beat.", beat)
    budgets = ApiBudget.objects.values_list("peer", "remaining")
    about = "Calls that are left of a peer's allowance."
    yield Gauge("call_budget", about, [({"peer": peer}, left) for peer, left in budgets])


def _outcomes(now: datetime) -> Iterator[Gauge]:
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


def _by(name: str, about: str, label: str, counts: dict[str, int], always: Iterable[str]) -> Gauge:
    """Make a family with one number a label; those of `always` are there even when 0."""
    full = {**dict.fromkeys(always, 0), **counts}
    return Gauge(name, about, [({label: str(key)}, value) for key, value in full.items()])


def _age(name: str, about: str, now: datetime, since: datetime | None) -> Gauge:
    return _span(name, about, now - since if since else None)


def _span(name: str, about: str, span: timedelta | None) -> Gauge:
    return Gauge(name, about, [({}, max(span.total_seconds(), 0))] if span is not None else [])


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
