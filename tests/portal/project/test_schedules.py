"""The schedules exist once, as the code has them, and name functions that exist."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django.utils.module_loading import import_string
from django_q.models import Schedule

from portal.project import schedules


@pytest.mark.parametrize("function", schedules.SCHEDULES)
def test_every_schedule_names_a_function(function: str) -> None:
    assert callable(import_string(function))


@pytest.mark.django_db
def test_a_schedule_that_was_changed_by_hand_is_corrected_and_keeps_its_next_run() -> None:
    schedules.ensure()
    tomorrow = timezone.now() + timedelta(days=1)
    Schedule.objects.update(args="not python", minutes=1, repeats=0, next_run=tomorrow)
    assert len(schedules.ensure()) == len(schedules.SCHEDULES)
    row = Schedule.objects.get(func="connect.tasks.refresh_health")
    assert (row.args, row.minutes, row.repeats, row.next_run) == (None, 5, -1, tomorrow)


@pytest.mark.django_db
def test_doubles_are_dropped() -> None:
    schedules.ensure()
    Schedule.objects.create(func="portal.tasks.prune", schedule_type=Schedule.HOURLY)
    assert schedules.ensure() == ["schedule portal.tasks.prune: corrected"]
    assert Schedule.objects.get(func="portal.tasks.prune").schedule_type == Schedule.DAILY


@pytest.mark.django_db
def test_what_staff_scheduled_themselves_is_kept() -> None:
    Schedule.objects.create(func="math.sqrt", args="4", schedule_type=Schedule.DAILY)
    schedules.ensure()
    assert Schedule.objects.filter(func="math.sqrt").exists()


@pytest.mark.django_db
def test_a_schedule_whose_function_is_gone_is_removed() -> None:
    schedules.ensure()
    Schedule.objects.create(func="weather.tasks.collect", schedule_type=Schedule.DAILY)
    assert schedules.ensure() == [
        "schedule weather.tasks.collect: removed, its function is gone",
    ]
    assert set(Schedule.objects.values_list("func", flat=True)) == set(schedules.SCHEDULES)
