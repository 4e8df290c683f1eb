"""Storing what a refresh shows about health: condition, since when, last good sync."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from connect.clients.connection_detail import ConnectionDetail, MappingDetail
from connect.health import mapping_words, states
from connect.models import Condition, Connection, Health, Stage
from tenants import orgid, timeline
from tenants.models import EventKind

# What a look shows.
SEEN = (
    "condition",
    "reason",
    "failing_mappings",
    "since",
    "unknown_since",
    "failed_at",
    "good_at",
    "deep_at",
    "ordered_writes",
    "organization_id",
    "view_all_data",
    "sampled_at",
)
MAX_REASON_LENGTH = 500
# So long a look may have begun before the pause, and Heroku Connect may still show the old state.
PAUSE_SHOWS_WITHIN = timedelta(minutes=5)


def of(connection: Connection) -> Health:
    """Return a connection's health; create it if there is none."""
    try:
        return connection.health
    except Health.DoesNotExist:
        health, _ = Health.objects.get_or_create(connection=connection)
        health.connection = connection
        return health


def ensure(connections: Iterable[Connection]) -> None:
    """Make the health of those connections that have none, with one statement."""
    new = [Health(connection=row) for row in connections if not hasattr(row, "health")]
    if not new:
        return
    # Another refresh may have made some of them since these rows were read.
    Health.objects.bulk_create(new, ignore_conflicts=True)
    # Read back, since a row that was there already holds facts that the new one lacks.
    kept = Health.objects.in_bulk([row.connection_id for row in new])
    for row in new:
        health = kept[row.connection_id]
        # Sets the other side of the relation as well, so that nobody queries for it again.
        health.connection = row.connection


def save(healths: Iterable[Health], fields: Iterable[str] = SEEN) -> None:
    """Update some fields of many rows in one statement."""
    Health.objects.bulk_create(
        healths,
        # An upsert is one statement for a whole page; bulk_update would send a CASE for each row.
        update_conflicts=True,
        unique_fields=["connection"],
        update_fields=list(fields),
    )


def note(
    pairs: Iterable[tuple[Connection, ConnectionDetail]], now: datetime, *, deep: bool
) -> list[Health]:
    """Note what was observed of live connections; a `deep` refresh includes the mappings.

    The rows are saved with the sample of this look (history.sample).
    """
    pairs, healths = list(pairs), []
    ensure(connection for connection, _ in pairs)
    _note_pauses(pairs, now)
    for connection, seen in pairs:
        health = of(connection)
        mappings = [each.state for each in seen.mappings] if deep else []
        _move(health, states.overall(seen.state, mappings), _reason(seen), now)
        health.failing_mappings = [each.object_name for each in _failing(seen)]
        health.unknown_since = health.failed_at = None
        health.ordered_writes = seen.ordered_writes
        health.organization_id = _org(seen.organization_id)
        _permissions(health, seen)
        if deep:
            health.deep_at = now
        healths.append(health)
    return healths


def _note_pauses(pairs: list[tuple[Connection, ConnectionDetail]], now: datetime) -> None:
    """Forget who paused those that Heroku's dashboard resumed; read who paused the others.

    Staff may have paused some after these rows were read: their names have to stay.
    """
    is_paused = {row.pk: seen.state == states.PAUSED for row, seen in pairs}
    noted = Health.objects.filter(pk__in=is_paused).exclude(paused_by="")
    names = {row.pk: row.paused_by for row in noted if is_paused[row.pk] or _is_new(row, now)}
    resumed = [row.pk for row in noted if row.pk not in names]
    if resumed:
        Health.objects.filter(pk__in=resumed).update(paused_by="", paused_at=None)
    for connection, _ in pairs:
        of(connection).paused_by = names.get(connection.pk, "")


def _is_new(health: Health, now: datetime) -> bool:
    return health.paused_at is not None and health.paused_at > now - PAUSE_SHOWS_WITHIN


def note_unseen(healths: Iterable[Health], now: datetime) -> None:
    """Note that connections could not be seen."""
    healths = list(healths)
    for health in healths:
        # "Since" is not reset by looking again.
        health.unknown_since = health.unknown_since or now
        health.failed_at = now
        _move(health, Condition.UNKNOWN, "It could not be read from Heroku Connect.", now)
    save(healths)


def note_region_unseen(region_url: str, host_app_id: int | None, now: datetime) -> None:
    """Note the same of all connections of a host app in a region, with one statement."""
    seen = Health.objects.filter(
        # Rows that are unknown already keep their time; writing them again would reset it.
        Q(unknown_since=None) | ~Q(condition=Condition.UNKNOWN),
        connection__region_url=region_url,
        connection__host_app=host_app_id,
        connection__stage=Stage.LIVE,
    )
    seen.update(
        condition=Condition.UNKNOWN,
        reason="Its region did not answer.",
        since=now,
        unknown_since=now,
    )


def note_pause(connection: Connection, actor: str) -> None:
    """Note who paused a connection, or "" when it is resumed: a planned pause makes no incident."""
    health = of(connection)
    health.paused_by = actor
    health.paused_at = timezone.now() if actor else None
    health.save(update_fields=["paused_by", "paused_at"])


def forget(connections: Iterable[Connection]) -> None:
    """Break reference cycles between rows: else memory grows until the garbage collector runs."""
    for connection in connections:
        connection._state.fields_cache.clear()


def _move(health: Health, condition: Condition, reason: str, now: datetime) -> None:
    if health.condition != condition:
        health.since = now
    health.condition, health.reason = condition, reason
    if condition in states.WELL:
        health.good_at = now


def _failing(seen: ConnectionDetail) -> list[MappingDetail]:
    return [each for each in seen.mappings if states.of_mapping(each.state) not in states.WELL]


def _reason(seen: ConnectionDetail) -> str:
    failing = ", ".join(_said(each) for each in _failing(seen))
    return f"{states.meaning(seen.state)} {failing}".strip()[:MAX_REASON_LENGTH]


def _said(mapping: MappingDetail) -> str:
    words = mapping.description
    said = f" “{words.rstrip('.')}”" if words not in mapping_words.NOTHING_SAID else ""
    return f"{mapping.object_name}: {mapping.state}{said}"


def _org(given: str) -> str:
    try:
        return orgid.normalize(given) if given else ""
    except orgid.BadOrgId:
        return ""


def _permissions(health: Health, seen: ConnectionDetail) -> None:
    lacks, lacked = seen.view_all_data is False, health.view_all_data is False
    health.view_all_data = seen.view_all_data
    # Noted once when it is lost, and not at each refresh.
    if lacks and not lacked:
        text = f"{seen.username} lacks “View All Data”: records may be missing."
        timeline.note(health.connection.tenant_id, EventKind.TROUBLE, text)
