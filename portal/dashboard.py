"""What staff see first: is the machinery alive, and how many tenants stand where."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count
from django.urls import reverse
from django.utils import timezone

from connect.mappings.models import Drift, DriftState
from connect.models import Connection, Stage, WaitingOn
from portal.models import Heartbeat
from tenants.models import Switch, Tenant

# A worker beats every few seconds; after this long, something is wrong.
SILENCE = timedelta(minutes=1)


@dataclass(frozen=True)
class Tally:
    """A number of tenants, and where to see them."""

    label: str
    count: int
    url: str


@dataclass(frozen=True)
class Pulse:
    """The line on top of the index page."""

    beat_at: datetime | None
    alive: bool
    off: list[Switch]
    attention: list[Tally]
    stages: list[Tally]


def pulse() -> Pulse:
    """Return the portal's pulse, with six queries however many tenants there are."""
    beat_at = Heartbeat.objects.values_list("beat_at", flat=True).first()
    alive = beat_at is not None and timezone.now() - beat_at < SILENCE
    off = list(Switch.objects.filter(on=False))
    return Pulse(beat_at, alive, off, _attention(), _stages())


def _attention() -> list[Tally]:
    current = Connection.objects.filter(offboarded_at=None)
    blocked = current.filter(blocked_at__isnull=False).count()
    staff = current.filter(waiting_on=WaitingOn.STAFF, blocked_at=None).count()
    tallies = [
        Tally("Blocked", blocked, _tenants("attention=blocked")),
        Tally("Waiting for staff", staff, _tenants("attention=staff")),
        Tally("Drifted from their mappings", _drifted(), _drift_list()),
    ]
    return [tally for tally in tallies if tally.count]


def _drifted() -> int:
    drifted = Drift.objects.filter(state=DriftState.DRIFTED, connection__offboarded_at=None)
    return drifted.count()


def _drift_list() -> str:
    return f"{reverse('admin:connect_drift_changelist')}?state__exact={DriftState.DRIFTED}"


def _stages() -> list[Tally]:
    current = Connection.objects.filter(offboarded_at=None).order_by()
    counts = dict(current.values_list("stage").annotate(Count("pk")))
    counts[Stage.OFFBOARDED] = Tenant.objects.filter(offboarded_at__isnull=False).count()
    return [
        Tally(str(stage.label), counts[stage], _tenants(f"stage={stage.value}"))
        for stage in Stage
        if counts.get(stage)
    ]


def _tenants(query: str) -> str:
    return f"{reverse('admin:tenants_tenant_changelist')}?{query}"
