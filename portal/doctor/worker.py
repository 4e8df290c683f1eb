"""The queue with its worker, the schedule, and what `setup_portal` leaves in the database."""

from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.db.models.functions import Now
from django.utils import timezone
from django_q.models import Schedule

from connect.formats import counted, format_duration
from connect.models import HostApp, MappingTemplate
from portal import roles
from portal.doctor.checks import check
from portal.doctor.findings import Finding, Problem, failed, ok, problem
from portal.models import Heartbeat
from portal.project import probes, schedules, waiting

SET_UP = "python manage.py setup_portal"
LATE = timedelta(minutes=15)  # behind its time, a schedule does not run any more


@check("worker", "Queue and worker", "E013", "E021", "W074")
def queue_and_worker() -> Finding:
    """Look at the heartbeats, and at how long work has waited."""
    now = timezone.now()
    found = [*waiting.broker_problems(), *probes.of_work(now)]
    if found:
        return failed(*map(problem, found))
    alive = Heartbeat.objects.filter(beat_at__gt=Now() - probes.WORKER_IS_LATE).count()
    age = waiting.age(now)
    oldest = f"the oldest work has waited {format_duration(age)}" if age else "no work waits"
    where = "Redis" if settings.REDIS_URL else "the database"
    return ok(f"{counted(alive, 'worker')}, the queue in {where}: {oldest}.")


@check("schedule", "Schedule")
def schedule() -> Finding:
    """Compare the stored schedules with those of the code, and with the clock."""
    now = timezone.now()
    rows = {row.func: row for row in Schedule.objects.filter(func__in=schedules.SCHEDULES)}
    missing = [each for each in schedules.SCHEDULES if each not in rows]
    late = [row.func for row in rows.values() if row.next_run and row.next_run < now - LATE]
    found = []
    if missing:
        found.append(Problem(f"The database lacks {counted(len(missing), 'schedule')}.", SET_UP))
    if late:
        text = f"{late[0]} was due more than {format_duration(LATE)} ago and has not run."
        found.append(Problem(text, "heroku ps:restart worker"))
    return failed(*found) if found else ok(f"{counted(len(rows), 'schedule')}, none is late.")


@check("set_up", "Roles, mapping version, host app")
def set_up() -> Finding:
    """Look for what `setup_portal` makes at each release."""
    found = [Problem(text, SET_UP) for text in _missing()]
    return failed(*found) if found else ok("All that setup_portal makes is there.")


def _missing() -> Iterator[str]:
    for role in roles.incomplete():
        yield f"The role {role} is missing or lacks permissions."
    if not MappingTemplate.objects.exists():
        yield "There is no mapping version: no tenant can be set up."
    if not HostApp.objects.exists():
        yield "There is no host app: no tenant can get an add-on."
