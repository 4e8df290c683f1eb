"""The states of one incident: suspected, open, absent, closed, reopened."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q

from connect.health import alerts, healing
from connect.models import Incident, IncidentKind, IncidentStatus

OPEN_AFTER = timedelta(minutes=2)
CLOSE_AFTER = timedelta(minutes=4)
REOPEN_WITHIN = timedelta(minutes=30)
# These are certain facts, not states that may pass.
CERTAIN = (
    IncidentKind.GRANT_LOST,
    IncidentKind.UNINSTALLED,
    IncidentKind.WRONG_ORG,
    IncidentKind.TABLES_MISSING,
    IncidentKind.WRITE_ERRORS,
)
# Kind, connection, region and scope.
What = tuple[str, int | None, str, str]


def note(found: Sequence[Incident], known: Sequence[Incident], now: datetime) -> None:
    """Note what was found: it is seen again where it is known, and suspected where it is not."""
    by_what = {_what(each): each for each in known}
    again = [(by_what[_what(each)], each) for each in found if _what(each) in by_what]
    if again:
        _observed_again(again, now)
    suspect([each for each in found if _what(each) not in by_what], now)


def suspect(found: Sequence[Incident], now: datetime) -> None:
    """Store suspected incidents, or reopen those that closed shortly before."""
    closed = _just_closed(found, now)
    for incident in found:
        if last := closed.get(_what(incident)):
            _reopen(last, incident, now)
    new = [each for each in found if _what(each) not in closed]
    for incident in new:
        incident.suspected_at = incident.seen_at = now
    # If two workers observe the same problem, only one creates the row.
    Incident.objects.bulk_create(new, ignore_conflicts=True)
    for incident in new:
        if incident.kind in CERTAIN:
            _open_certain(incident, now)


def _open_certain(incident: Incident, now: datetime) -> None:
    same = Incident.objects.filter(
        kind=incident.kind,
        connection=incident.connection,
        region_url=incident.region_url,
        scope=incident.scope,
    )
    found = same.filter(status=IncidentStatus.SUSPECTED).first()
    if found:
        _open(found, now)


def _just_closed(found: Sequence[Incident], now: datetime) -> dict[What, Incident]:
    """Return what closed shortly before, the last one of each."""
    # A fact that is certain does not come and go by itself: it is a new incident, with its alert.
    passing = [each for each in found if each.kind not in CERTAIN]
    if not passing:
        return {}
    closed = Incident.objects.filter(
        Q(connection__in={each.connection_id for each in passing}) | Q(connection=None),
        kind__in={each.kind for each in passing},
        status=IncidentStatus.CLOSED,
        opened_at__isnull=False,
        closed_at__gt=now - REOPEN_WITHIN,
    )
    wanted = {_what(each) for each in passing}
    last = {_what(each): each for each in closed.order_by("closed_at")}
    return {what: each for what, each in last.items() if what in wanted}


def _what(incident: Incident) -> What:
    return incident.kind, incident.connection_id, incident.region_url, incident.scope


def _reopen(last: Incident, incident: Incident, now: datetime) -> None:
    again = {"status": IncidentStatus.OPEN, "closed_at": None, "absent_since": None}
    with transaction.atomic():
        mine = Incident.objects.filter(pk=last.pk, status=IncidentStatus.CLOSED)
        counted = {"reopened": F("reopened") + 1, "seen_at": now, "text": incident.text}
        changed = mine.update(**again, **counted)
        last.refresh_from_db()
        # Staff have read that it is over, so they have to know; but not each time.
        if changed and last.reopened == 1:
            alerts.notify_flapping(last)
        elif changed:
            alerts.note_returned(last)
    # Its attempts were kept, so a problem that comes and goes is not healed without end.
    healing.schedule_step(last, now)
    _note_parts(last, incident.parts)


def _observed_again(pairs: Sequence[tuple[Incident, Incident]], now: datetime) -> None:
    """Note another observation of known incidents; it opens those that last or are certain.

    The second of each pair is what was found. In an open incident, staff are alerted to each part
    that is new, once.
    """
    for known, found in pairs:
        if (known.text, known.absent_since) != (found.text, None):
            known.text, known.absent_since = found.text, None
            mine = Incident.objects.filter(pk=known.pk)
            mine.update(text=found.text, absent_since=None)
    again = Incident.objects.filter(pk__in=[known.pk for known, _ in pairs])
    again.update(seen_at=now, observation_count=F("observation_count") + 1)
    for known, found in pairs:
        if known.status == IncidentStatus.OPEN:
            _note_parts(known, found.parts)
            continue
        Incident.objects.filter(pk=known.pk).update(parts=found.parts)
        if now - known.suspected_at >= OPEN_AFTER or known.kind in CERTAIN:
            _open(known, now)


def _note_parts(incident: Incident, parts: Sequence[str]) -> None:
    """Alert staff to new parts, after the second observation unless they are certain."""
    new = [each for each in parts if each not in incident.parts]
    is_certain = incident.kind in CERTAIN
    lasting = [each for each in new if is_certain or each in incident.doubtful_parts]
    doubtful = [each for each in new if each not in lasting]
    if not lasting and doubtful == incident.doubtful_parts:
        return
    known = [*incident.parts, *lasting]
    with transaction.atomic():
        # If two workers observe the same part, only one alerts staff.
        mine = Incident.objects.filter(pk=incident.pk, parts=incident.parts)
        changed = mine.update(parts=known, doubtful_parts=doubtful)
        incident.parts, incident.doubtful_parts = known, doubtful
        if changed and lasting:
            alerts.notify_more(incident, lasting)


def _open(incident: Incident, now: datetime) -> None:
    # The alert is stored in the same transaction, so no incident opens without one.
    with transaction.atomic():
        mine = Incident.objects.filter(pk=incident.pk, status=IncidentStatus.SUSPECTED)
        # Compare-and-swap: another worker may have opened it, and it alerts once.
        needs_person_since = now if healing.needs_person(incident) else None
        opened = {"opened_at": now, "needs_person_since": needs_person_since}
        if not mine.update(status=IncidentStatus.OPEN, **opened):
            return
        incident.status, incident.opened_at = IncidentStatus.OPEN, now
        incident.needs_person_since = needs_person_since
        alerts.notify_opened(incident)
        healing.schedule_step(incident, now)


def absent(incident: Incident, now: datetime) -> None:
    """Note that the problem was not observed; close the incident after a while."""
    if incident.status == IncidentStatus.SUSPECTED:
        incident.delete()
        return
    if incident.absent_since is None:
        Incident.objects.filter(pk=incident.pk).update(absent_since=now)
        incident.absent_since = now
        # A certain fact that is gone is as certain: it does not wait for CLOSE_AFTER.
        if incident.kind not in CERTAIN:
            return
    elif now - incident.absent_since < CLOSE_AFTER:
        return
    _close(incident, now)


def _close(incident: Incident, now: datetime) -> None:
    with transaction.atomic():
        mine = Incident.objects.filter(pk=incident.pk, status=IncidentStatus.OPEN)
        ended = {"closed_at": now, "next_attempt_at": None}
        if mine.update(status=IncidentStatus.CLOSED, **ended):
            incident.closed_at = now
            alerts.notify_closed(incident)
