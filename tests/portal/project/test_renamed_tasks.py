"""What older versions queued or kept is given the new names of its functions."""

import pytest
from django.utils import timezone
from django.utils.module_loading import import_string
from django_q.models import OrmQ, Schedule, Task
from django_q.tasks import async_task

from portal.project import renamed_tasks
from tenants.sweeps import name_of

OLD, NEW = "tenants.tasks.deliver", "tenants.sending.send"


@pytest.mark.django_db
def test_queued_kept_and_scheduled_tasks_are_renamed_once() -> None:
    now = timezone.now()
    async_task(OLD, 7, 0, task_name="message 7")
    async_task("portal.tasks.prune")
    Task.objects.create(id="1", name="message 7", func=OLD, started=now, stopped=now)
    Schedule.objects.create(func=OLD)
    assert renamed_tasks.ensure() == [f"task {OLD}: renamed in 3 rows"]
    assert [row.task["func"] for row in OrmQ.objects.order_by("pk")] == [NEW, "portal.tasks.prune"]
    first = OrmQ.objects.order_by("pk")[0].task
    assert (first["args"], first["name"]) == ((7, 0), "message 7")
    assert (Task.objects.get().func, Schedule.objects.get().func) == (NEW, NEW)
    assert renamed_tasks.ensure() == []


@pytest.mark.django_db
def test_a_row_signed_with_a_key_of_the_past_is_left_to_the_worker() -> None:
    OrmQ.objects.create(key="multiconnect", payload="x:y:z")
    assert renamed_tasks.ensure() == []


@pytest.mark.parametrize("old", renamed_tasks.RENAMED)
def test_each_old_name_is_gone_and_each_new_one_is_found(old: str) -> None:
    with pytest.raises(ImportError):
        import_string(old)
    function = renamed_tasks.RENAMED[old]
    assert import_string(name_of(function)) is function
