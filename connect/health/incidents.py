"""From sights to incidents: opened when trouble lasts, closed when it has been away for a while.

One bad sight makes a suspicion, of which nobody is told; a suspicion that is confirmed becomes an
incident. Trouble that comes and goes never closes it, and trouble that returns soon after the close
re-opens the same incident without a word: so nothing flaps and nothing is told twice.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from connect.health import alerts, causes, healing
from connect.health.quiet import is_quiet
from connect.models import Health, Incident, IncidentKind, IncidentStatus, Stage

LASTS = timedelta(minutes=2)
STAYS_AWAY = timedelta(minutes=4)
SOON_AGAIN = timedelta(minutes=30)
# Salesforce's or our own clear word, not a state that may pass.
_CERTAIN = (
    IncidentKind.GRANT_LOST,
    IncidentKind.UNINSTALLED,
    IncidentKind.WRONG_ORG,
    IncidentKind.TABLES_MISSING,
)
_OF_THE_ORG = (IncidentKind.GRANT_LOST, IncidentKind.UNINSTALLED)
_REGIONAL = (IncidentKind.REGION, IncidentKind.TOKEN)
Causes = dict[IncidentKind, str]


def judge(healths: Iterable[Health]) -> None:
    """Judge connections by the facts that were just written down."""
    now = timezone.now()
    healths = list(healths)
    known = _known(healths)
    for health in healths:
        _judge(health, causes.of(health, now), known.get(health.pk, []), now)


def judge_one(health: Health, found: Causes, *, only: bool = False) -> None:
    """Judge one connection by given causes; `only` leaves its other incidents as they are."""
    known = _known([health]).get(health.pk, [])
    if only:
        known = [each for each in known if each.kind in found]
    _judge(health, found, known, timezone.now())


def suspect_region(region_url: str, kind: IncidentKind, text: str) -> None:
    """Note that a region, or with "" all of Heroku Connect, does not answer: one incident."""
    now = timezone.now()
    found = _of_region(region_url).filter(kind=kind).first()
    if found:
        _seen_again(found, text, now)
    else:
        _suspect(Incident(kind=kind, region_url=region_url, text=text), now)


def region_is_back(region_url: str) -> None:
    """Note that a region answers: its incidents, and the portal's token's, go away."""
    now = timezone.now()
    for incident in _of_region(region_url) | _of_region(""):
        _away(incident, now)


def close_departed() -> None:
    """Close what is left of connections that are no longer live: there is nothing to tell."""
    gone = Incident.objects.exclude(status=IncidentStatus.CLOSED).filter(
        ~Q(connection__stage=Stage.LIVE), connection__isnull=False
    )
    gone.filter(status=IncidentStatus.SUSPECTED).delete()
    gone.update(status=IncidentStatus.CLOSED, closed_at=timezone.now(), next_attempt_at=None)


def to_be_confirmed() -> tuple[list[int], list[str]]:
    """Return the connections and regions about which one more look decides something."""
    waiting = Incident.objects.filter(
        Q(status=IncidentStatus.SUSPECTED)
        | Q(status=IncidentStatus.OPEN, away_since__isnull=False)
        | Q(status=IncidentStatus.OPEN, kind__in=_REGIONAL)
    )
    rows = list(waiting.values_list("connection_id", "region_url"))
    connections = [connection for connection, _ in rows if connection]
    return connections, [region for connection, region in rows if not connection]


def _known(healths: list[Health]) -> dict[int, list[Incident]]:
    rows = Incident.objects.exclude(status=IncidentStatus.CLOSED).filter(
        connection__in=[health.pk for health in healths]
    )
    found: dict[int, list[Incident]] = {}
    for incident in rows.select_related("connection__tenant"):
        found.setdefault(incident.connection_id or 0, []).append(incident)
    return found


def _of_region(region_url: str) -> QuerySet[Incident]:
    rows = Incident.objects.filter(connection=None, region_url=region_url)
    return rows.exclude(status=IncidentStatus.CLOSED)


def _judge(health: Health, found: Causes, known: list[Incident], now: datetime) -> None:
    if is_quiet(health.connection):
        Incident.objects.filter(
            pk__in=[each.pk for each in known], status=IncidentStatus.SUSPECTED
        ).delete()
        return
    present = {IncidentKind(each.kind): each for each in known}
    for kind, text in found.items():
        if kind in present:
            _seen_again(present[kind], text, now)
        else:
            _suspect(Incident(kind=kind, connection=health.connection, text=text), now)
    for kind, incident in present.items():
        # While a connection cannot be seen, what was seen of it before stays as it is.
        if kind not in found and (not health.unknown_since or kind in _OF_THE_ORG):
            _away(incident, now)


def _suspect(incident: Incident, now: datetime) -> None:
    if _reopened(incident, now):
        return
    incident.suspected_at = incident.seen_at = now
    # Of two workers with the same sight, one makes the row.
    Incident.objects.bulk_create([incident], ignore_conflicts=True)
    if incident.kind in _CERTAIN:
        found = _same(incident).filter(status=IncidentStatus.SUSPECTED).first()
        if found:
            _open(found, now)


def _reopened(incident: Incident, now: datetime) -> bool:
    closed = _same(incident).filter(
        status=IncidentStatus.CLOSED, opened_at__isnull=False, closed_at__gt=now - SOON_AGAIN
    )
    last = closed.order_by("-closed_at").first()
    if last is None:
        return False
    Incident.objects.filter(pk=last.pk, status=IncidentStatus.CLOSED).update(
        status=IncidentStatus.OPEN, closed_at=None, away_since=None, seen_at=now, text=incident.text
    )
    last.refresh_from_db()
    healing.schedule_step(last, now)
    return True


def _same(incident: Incident) -> QuerySet[Incident]:
    return Incident.objects.filter(
        kind=incident.kind,
        connection=incident.connection,
        region_url=incident.region_url,
    )


def _seen_again(incident: Incident, text: str, now: datetime) -> None:
    incident.seen_at, incident.text, incident.away_since = now, text, None
    incident.sights += 1
    incident.save(update_fields=["seen_at", "text", "away_since", "sights"])
    lasted = now - incident.suspected_at >= LASTS or incident.kind in _CERTAIN
    if incident.status == IncidentStatus.SUSPECTED and lasted:
        _open(incident, now)


def _open(incident: Incident, now: datetime) -> None:
    with transaction.atomic():
        mine = Incident.objects.filter(pk=incident.pk, status=IncidentStatus.SUSPECTED)
        if not mine.update(status=IncidentStatus.OPEN, opened_at=now):
            return
        incident.status, incident.opened_at = IncidentStatus.OPEN, now
        alerts.notify_opened(incident)
        healing.schedule_step(incident, now)


def _away(incident: Incident, now: datetime) -> None:
    if incident.status == IncidentStatus.SUSPECTED:
        incident.delete()
        return
    if incident.away_since is None:
        Incident.objects.filter(pk=incident.pk).update(away_since=now)
        if incident.kind not in _CERTAIN:
            return
    elif now - incident.away_since < STAYS_AWAY:
        return
    _close(incident, now)


def _close(incident: Incident, now: datetime) -> None:
    with transaction.atomic():
        mine = Incident.objects.filter(pk=incident.pk, status=IncidentStatus.OPEN)
        ended = {"closed_at": now, "next_attempt_at": None}
        if mine.update(status=IncidentStatus.CLOSED, **ended):
            incident.closed_at = now
            alerts.notify_closed(incident)
