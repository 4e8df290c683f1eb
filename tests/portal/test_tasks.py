"""The daily housekeeping deletes what is old, and nothing else."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import Task

from portal import tasks

pytestmark = pytest.mark.django_db


def result(name: str, days_ago: int, *, success: bool) -> None:
    at = timezone.now() - timedelta(days=days_ago)
    Task.objects.create(
        id=name, name=name, func="math.sqrt", started=at, stopped=at, success=success
    )


def test_successes_go_after_two_weeks_and_failures_after_three_months() -> None:
    result("new success", 13, success=True)
    result("old success", 15, success=True)
    result("new failure", 89, success=False)
    result("old failure", 91, success=False)
    assert tasks.prune() == 2
    assert set(Task.objects.values_list("name", flat=True)) == {"new success", "new failure"}
