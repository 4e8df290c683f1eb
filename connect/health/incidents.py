"""Incidents: opened when a problem lasts, closed when it has been absent for a while.

One bad observation makes a suspected incident, without an alert. A second one opens it. A problem
that comes and goes does not close it. A problem that returns soon after closing reopens the same
incident without a new alert. So incidents do not flap, and no alert is sent twice.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from connect import databases
from connect.health import alerts, causes, lifecycle, observations
from connect.health.suppression import are_alerts_suppressed
from connect.models import (
    REGIONAL,
    Connection,
    Health,
    HostApp,
    Incident,
    IncidentKind,
    IncidentStatus,
    Stage,
)
from tenants import timeline
from tenants.models import Event, EventKind

# What Salesforce tells, also while Heroku Connect cannot be seen.
_OF_THE_ORG = (IncidentKind.GRANT_LOST, IncidentKind.UNINSTALLED)
REMIND_AFTER = timedelta(days=1)
Causes = dict[IncidentKind, str]


def update(healths: Iterable[Health]) -> None:
    """Update the incidents of connections from their stored facts."""
    now = timezone.now()
    with transaction.atomic(savepoint=False):
        stored = _stored([health.pk for health in healths])
        known = _known(stored)
        found: list[Incident] = []
        for health in stored:
            mine = known.get(health.pk, [])
            own = _own(health, causes.of(health, now), mine, known.get(0, []))
            found += _update(health, own, mine, now)
        lifecycle.note(found, [each for mine in known.values() for each in mine], now)
    observations.forget(health.connection for health in stored)


def update_one(health: Health, found: Causes, *, only: bool = False) -> None:
    """Update one connection's incidents from given causes; `only` leaves other kinds unchanged."""
    known = _known([health]).get(health.pk, [])
    if only:
        known = [each for each in known if each.kind in found]
    now = timezone.now()
    lifecycle.note(_update(health, found, known, now), known, now)


def suspect_region(region_url: str, text: str) -> None:
    """Note that a region does not answer: one incident."""
    # Some of its connections may have been tried before it was clear that the region is away.
    forget_suspected(IncidentKind.UNSEEN, connection__region_url=region_url)
    update_common(IncidentKind.REGION, text, region_url)


def suspect_account(account: str, text: str) -> None:
    """Note that the token of a Heroku account is refused, in all regions: one incident."""
    own = {"connection__host_app__account": account} if account else {}
    forget_suspected(IncidentKind.UNSEEN, **own)
    update_common(IncidentKind.TOKEN, text, scope=account)


def forget_suspected(kind: IncidentKind, **connections: str) -> None:
    """Forget the suspicions of single connections, because one incident is about all of them."""
    suspected = Incident.objects.filter(status=IncidentStatus.SUSPECTED, connection__isnull=False)
    suspected.filter(kind=kind, **connections).delete()


def region_recovered(region_url: str, account: str) -> None:
    """Note that a region answers: its incidents, and the account's about its token, can close."""
    now = timezone.now()
    # An answer of any region proves that the token is accepted, so that incident ends too.
    answered = _of_region(region_url) | _of_region("").filter(scope=account)
    for incident in answered.filter(kind__in=REGIONAL):
        lifecycle.absent(incident, now)


def update_common(kind: IncidentKind, text: str, region_url: str = "", scope: str = "") -> None:
    """Note that something concerns many connections, or with the text "" that it is over.

    `scope` is the Heroku account or the tenants' database that it is about.
    """
    now = timezone.now()
    known = list(_of_region(region_url).filter(kind=kind, scope=scope))
    if text:
        found = Incident(kind=kind, region_url=region_url, scope=scope, text=text)
        lifecycle.note([found], known, now)
        return
    for incident in known:
        lifecycle.absent(incident, now)


def grant_restored(connection: Connection) -> None:
    """Close the incident about a lost grant at once: an admin has signed in again."""
    lost = Incident.objects.filter(connection=connection, kind=IncidentKind.GRANT_LOST)
    still = lost.exclude(status=IncidentStatus.CLOSED)
    for incident in still.select_related("connection__tenant"):
        lifecycle.absent(incident, timezone.now())


def close_ended() -> None:
    """Close the incidents of connections that are no longer live, without an alert.

    So end those of a region, or of all, in which nobody is live: nothing is looked at there.
    """
    live = Connection.objects.filter(stage=Stage.LIVE).order_by()
    not_live = Q(connection__isnull=False) & ~Q(connection__stage=Stage.LIVE)
    empty = Q(connection=None) & ~Q(region_url__in=live.values("region_url"))
    if live.exists():
        empty &= ~Q(region_url="")
    gone = Incident.objects.exclude(status=IncidentStatus.CLOSED).filter(
        not_live | empty | _without_scope(live)
    )
    # A suspicion was never shown or mailed, so there is nothing to close.
    gone.filter(status=IncidentStatus.SUSPECTED).delete()
    gone.update(status=IncidentStatus.CLOSED, closed_at=timezone.now(), next_attempt_at=None)


def _without_scope(live: QuerySet[Connection]) -> Q:
    """Match the incidents about an account, a host app's list or a database that nobody uses."""
    hosts = HostApp.objects.filter(database=OuterRef("scope"))
    of_account = live.filter(host_app__account=OuterRef("scope"))
    of_list = live.filter(host_app__name=OuterRef("scope"), region_url=OuterRef("region_url"))
    return (
        (Q(kind=IncidentKind.TOKEN) & ~Q(Exists(of_account)))
        | (Q(kind=IncidentKind.LIST_REFUSED) & ~Q(Exists(of_list)))
        | (Q(kind=IncidentKind.DATABASE) & ~Q(scope="") & ~Q(Exists(hosts)))
    )


def remind() -> int:
    """Notify staff again of what needs a person and was not touched for a day; return how many."""
    now = timezone.now()
    touched = Event.objects.filter(
        tenant=OuterRef("connection__tenant"),
        kind=EventKind.STAFF_ACTION,
        at__gt=OuterRef("needs_person_since"),
    ).exclude(actor=timeline.PORTAL)
    waiting = Incident.objects.filter(
        ~Exists(touched),
        status=IncidentStatus.OPEN,
        absent_since=None,
        reminded_at=None,
        needs_person_since__lt=now - REMIND_AFTER,
    )
    return sum(_remind(each, now) for each in waiting.select_related("connection__tenant"))


def _remind(incident: Incident, now: datetime) -> bool:
    with transaction.atomic():
        mine = Incident.objects.filter(pk=incident.pk, reminded_at=None)
        if not mine.update(reminded_at=now):
            return False
        alerts.notify_untouched(incident)
    return True


def unconfirmed() -> tuple[list[int], list[str]]:
    """Return the connections and regions that need another observation now."""
    waiting = Incident.objects.filter(
        Q(status=IncidentStatus.SUSPECTED)
        | Q(status=IncidentStatus.OPEN, absent_since__isnull=False)
        | Q(status=IncidentStatus.OPEN, kind__in=REGIONAL)
        | Q(status=IncidentStatus.OPEN) & ~Q(doubtful_parts=[])
    )
    rows = list(waiting.values_list("connection_id", "region_url"))
    connections = [connection for connection, _ in rows if connection]
    return connections, [region for connection, region in rows if not connection]


def _own(
    health: Health, found: Causes, mine: list[Incident], databases_away: list[Incident]
) -> Causes:
    """Return the causes without the one that an incident about many connections covers."""
    kind = IncidentKind.DB_UNAVAILABLE
    scope = databases.scope_of(databases.alias_of(health.connection))
    common = any(each.scope == scope for each in databases_away)
    # One that was open before goes on, so that staff are notified of its end.
    is_covered = common and not any(each.kind == kind for each in mine)
    return {each: text for each, text in found.items() if not (is_covered and each == kind)}


def _stored(ids: list[int]) -> list[Health]:
    # A look and a scan each know a part of the facts. A row that was read before the other one has
    # stored its part would end that part's incidents, so it is read again, and locked.
    rows = Health.objects.filter(pk__in=ids).select_related(
        "connection__tenant__grant", "connection__host_app"
    )
    return list(rows.select_for_update(of=("self",), no_key=True).order_by("pk"))


def _known(healths: list[Health]) -> dict[int, list[Incident]]:
    """Return the incidents that are not over by connection; under 0 those about many."""
    of_these = Q(connection__in=[health.pk for health in healths])
    rows = Incident.objects.exclude(status=IncidentStatus.CLOSED).filter(
        of_these | Q(kind=IncidentKind.DATABASE)
    )
    found: dict[int, list[Incident]] = {}
    for incident in rows.select_related("connection__tenant"):
        found.setdefault(incident.connection_id or 0, []).append(incident)
    return found


def _of_region(region_url: str) -> QuerySet[Incident]:
    rows = Incident.objects.filter(connection=None, region_url=region_url)
    return rows.exclude(status=IncidentStatus.CLOSED)


def _update(health: Health, found: Causes, known: list[Incident], now: datetime) -> list[Incident]:
    """End the known incidents of a connection whose problems are gone; return what is found."""
    if are_alerts_suppressed(health.connection):
        Incident.objects.filter(
            pk__in=[each.pk for each in known], status=IncidentStatus.SUSPECTED
        ).delete()
        return []
    for incident in known:
        # While a connection is unseen, its earlier incidents stay unchanged.
        if incident.kind not in found and (
            not health.unknown_since or incident.kind in _OF_THE_ORG
        ):
            lifecycle.absent(incident, now)
    return [
        Incident(
            kind=kind,
            connection=health.connection,
            text=text,
            parts=causes.parts_of(health, kind),
        )
        for kind, text in found.items()
    ]
