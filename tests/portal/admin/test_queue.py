"""django-q2's pages."""

import pytest
from django.test import Client
from django_q.models import Failure, OrmQ, Schedule, Success

from tests.portal.admin import strangers, walk

pytestmark = pytest.mark.django_db
BOTH = pytest.mark.parametrize("model", [Success, Failure])


def resubmit(client: Client, model: type[Success | Failure]) -> None:
    chosen = [str(row.pk) for row in model.objects.all()]
    data = {"action": "queue_again", "_selected_action": chosen, "index": "0", "confirmed": "yes"}
    client.post(walk.page(model, "changelist"), data)


@BOTH
def test_a_manager_queues_tasks_again_under_the_own_name(
    manager: Client, model: type[Success | Failure]
) -> None:
    strangers.make(2)
    OrmQ.objects.all().delete()
    resubmit(manager, model)
    tasks = [row.task for row in OrmQ.objects.all()]
    assert {(task["func"], task["args"]) for task in tasks} == {
        ("connect.tasks.operate", ("pause", 1)),
        ("connect.tasks.operate", ("pause", 2)),
    }
    assert all(task["kwargs"] == {"actor": "mia", "options": {}} for task in tasks)
    assert {task["name"] for task in tasks} == {"pause 1", "pause 2"}


def test_what_failed_and_is_queued_again_counts_as_failed_no_more(manager: Client) -> None:
    strangers.make(1)
    resubmit(manager, Failure)
    assert not Failure.objects.exists()
    resubmit(manager, Success)
    assert Success.objects.exists()


def test_a_task_of_nobody_stays_a_task_of_nobody(manager: Client) -> None:
    strangers.make(1)
    OrmQ.objects.all().delete()
    Failure.objects.update(kwargs={})
    resubmit(manager, Failure)
    assert OrmQ.objects.get().task["kwargs"] == {}


@BOTH
def test_an_operator_queues_nothing_again(operator: Client, model: type[Success | Failure]) -> None:
    strangers.make(1)
    OrmQ.objects.all().delete()
    resubmit(operator, model)
    assert not OrmQ.objects.exists()
    listed = operator.get(walk.page(model, "changelist")).content.decode()
    assert "queue_again" not in listed


@pytest.mark.parametrize("model", [Success, Failure, OrmQ, Schedule])
def test_a_task_is_shown_and_never_edited(superuser: Client, model: type[Schedule]) -> None:
    strangers.make(1)
    url = walk.page(model, "change", model.objects.get().pk)
    html = superuser.get(url).content.decode()
    assert 'name="_save"' not in html
    assert superuser.post(url, {"args": "not python"}).status_code == 403
