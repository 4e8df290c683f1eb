"""Samples of each connection over time, how they are folded, and the uptime they add up to."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection as database
from django.db import transaction
from django.db.models import Count, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from connect.health import causes, observations, severity, states
from connect.models import Condition, Connection, Health, HealthSample, Mapping, Stage
from tenants import sweeps

MAX_GAP = timedelta(minutes=15)  # the longest time that one sample stands for
FOLDS = (  # older samples are merged into one for each hour, later for each day
    (timedelta(days=2), "hour"),
    (timedelta(days=35), "day"),
)
_NOT_COUNTED = (Condition.PAUSED, Condition.UNKNOWN)
_DAY = timedelta(days=1)
WINDOWS = {"uptime_day": _DAY, "uptime_week": 7 * _DAY, "uptime_month": 30 * _DAY}

# The last sample of a period is kept, with the totals of the others.
_FOLD = """
WITH stretch AS (
    SELECT max(id) AS kept, array_agg(id) AS all_of_them, sum(seconds) AS seconds,
        sum(seconds_up) AS seconds_up, sum(seconds_degraded) AS seconds_degraded,
        max(rows_failed) AS rows_failed,
        min(mappings_synced) AS mappings_synced
    FROM connect_healthsample WHERE at < %(before)s AND at >= %(after)s
    GROUP BY connection_id, date_trunc(%(unit)s, at) HAVING count(*) > 1
), folded AS (
    UPDATE connect_healthsample SET seconds = stretch.seconds, seconds_up = stretch.seconds_up,
        seconds_degraded = stretch.seconds_degraded, rows_failed = stretch.rows_failed,
        mappings_synced = stretch.mappings_synced
    FROM stretch WHERE id = kept
)
DELETE FROM connect_healthsample USING stretch WHERE id = ANY(all_of_them) AND id <> kept
"""


def sample(healths: Iterable[Health], now: datetime) -> None:
    """Write one sample for each connection that was just seen, and save what was noted of it.

    Call it in a transaction.
    """
    healths = list(healths)
    counts = _mapping_counts(healths)
    before = _read_last_samples(healths)
    rows = []
    for health in healths:
        # The time before this look belongs to what was seen before it.
        seen = before.get(health.pk)
        seconds = _seconds(health, seen, now)
        total, synced, failed = counts.get(health.pk, (0, 0, 0))
        rows.append(
            HealthSample(
                connection_id=health.pk,
                at=now,
                state=health.connection.state,
                condition=_worst(health, now),
                seconds=seconds,
                seconds_up=seconds if seen in states.WELL else 0,
                seconds_degraded=seconds if seen == Condition.DEGRADED else 0,
                mappings=total,
                mappings_synced=synced,
                rows_failed=failed,
            )
        )
        last = health.sampled_at
        # Another worker may have been a moment later; a wrong clock is years ahead.
        health.sampled_at = now if last is None or sweeps.is_future(last, now) else max(now, last)
    HealthSample.objects.bulk_create(rows)
    observations.save(healths)


def _worst(health: Health, now: datetime) -> Condition:
    """Return the condition with what an incident says, e.g. of writes that Salesforce refuses."""
    noted = Condition(health.condition)
    if noted in _NOT_COUNTED or health.connection.stage != Stage.LIVE:
        return noted
    said = [severity.SEVERITY[kind] for kind in causes.of(health, now)]
    return max([noted, *said], key=list(Condition).index)


def _read_last_samples(healths: list[Health]) -> dict[int, str | None]:
    """Read the time of each one's last sample; return the conditions that were seen then."""
    # Another worker may have seen the same connections since these rows were read. Locked, so that
    # the next one waits for this sample.
    rows = Health.objects.filter(pk__in=[health.pk for health in healths])
    last = rows.select_for_update(of=("self",), no_key=True).order_by("pk")
    then = HealthSample.objects.filter(connection=OuterRef("pk"), at=OuterRef("sampled_at"))
    seen = Subquery(then.order_by("-pk").values("condition")[:1])
    found = {pk: (at, said) for pk, at, said in last.values_list("pk", "sampled_at", seen)}
    for health in healths:
        health.sampled_at = found[health.pk][0] if health.pk in found else health.sampled_at
    return {pk: said for pk, (_, said) in found.items()}


def _seconds(health: Health, seen: str | None, now: datetime) -> int:
    # Neither a pause nor time in which nothing was seen counts as an outage.
    if health.sampled_at is None or seen is None or seen in _NOT_COUNTED:
        return 0
    # A worker that was down for hours must not credit the last condition with all of them.
    gap = min(now - health.sampled_at, MAX_GAP)
    return max(0, int(gap.total_seconds()))


def _mapping_counts(healths: list[Health]) -> dict[int, tuple[int, int, int]]:
    rows = (
        Mapping.objects.filter(connection__in=[health.pk for health in healths])
        .order_by()
        .values("connection_id")
        .annotate(
            total=Count("pk"),
            synced=Count("pk", filter=Q(state=states.SYNCED)),
            failed=Coalesce(Sum("rows_failed"), 0),
        )
        .values_list("connection_id", "total", "synced", "failed")
    )
    return {pk: (total, synced, int(failed)) for pk, total, synced, failed in rows}


@dataclass(frozen=True)
class Uptime:
    """Shares of the observed time, in thousandths; None where nothing was observed."""

    up: int | None
    degraded: int | None


def uptime(connection: Connection, now: datetime) -> dict[str, Uptime]:
    """Return one connection's uptime by window, from its samples as they are now. One query."""
    sums = {
        f"{name}_{field}": Sum(field, filter=Q(at__gt=now - span), default=0)
        for name, span in WINDOWS.items()
        for field in ("seconds", "seconds_up", "seconds_degraded")
    }
    found = connection.samples.filter(at__gt=now - WINDOWS["uptime_month"]).aggregate(**sums)
    return {
        name: Uptime(
            _share(found[f"{name}_seconds_up"], found[f"{name}_seconds"]),
            _share(found[f"{name}_seconds_degraded"], found[f"{name}_seconds"]),
        )
        for name in WINDOWS
    }


def _share(part: int, whole: int) -> int | None:
    # Rounded down, so that less than all of the time is never 100 %.
    return 1000 * part // whole if whole else None


def measure_uptime() -> None:
    """Update the uptime of all connections over a day, a week and a month, in one statement."""
    now = timezone.now()
    sums = ", ".join(
        f"1000 * sum(seconds_up) FILTER (WHERE at > %({name})s)"
        f" / nullif(sum(seconds) FILTER (WHERE at > %({name})s), 0) AS {name}"
        for name in WINDOWS
    )
    assignments = ", ".join(f"{name} = measured.{name}" for name in WINDOWS)
    # Only the names of WINDOWS are put into the statement.
    statement = (
        f"UPDATE connect_health AS health SET {assignments} FROM ("  # noqa: S608
        f"SELECT connection_id, {sums} FROM connect_healthsample WHERE at > %(uptime_month)s "
        "GROUP BY connection_id) AS measured WHERE health.connection_id = measured.connection_id"
    )
    # One statement, because reading each connection's samples does not scale to the fleet.
    with database.cursor() as cursor:
        cursor.execute(statement, {name: now - span for name, span in WINDOWS.items()})


def fold() -> int:
    """Merge old samples and delete the oldest; return how many rows were deleted. Runs daily."""
    now = timezone.now()
    oldest = now - timedelta(days=settings.KEEP_SAMPLES_DAYS)
    gone = HealthSample.objects.filter(at__lt=oldest).delete()[0]
    limits = [*(now - age for age, _ in FOLDS), oldest]
    for index, (_, unit) in enumerate(FOLDS):
        values: dict[str, datetime | str] = {
            "before": limits[index],
            "after": limits[index + 1],
            "unit": unit,
        }
        # Each unit by itself: a failure of the second fold does not undo the first.
        with transaction.atomic(), database.cursor() as cursor:
            cursor.execute(_FOLD, values)
            gone += cursor.rowcount
    return gone
