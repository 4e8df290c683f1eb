"""Queueing a task by reference to its function."""

import pytest
from django_q.models import Task

from tenants import queue, sending
from tests.queue import queued


@pytest.mark.django_db
def test_the_queue_stores_the_functions_name_and_not_the_function() -> None:
    queue.enqueue(sending.send, 7, attempt=2)
    (task,) = queued()
    assert task["func"] == "tenants.sending.send"
    assert (task["args"], task["kwargs"]) == ((7,), {"attempt": 2})


@pytest.mark.django_db
def test_a_task_has_the_name_that_staff_search_for() -> None:
    queue.enqueue_as("message 7", sending.send, 7)
    assert queued()[0]["name"] == "message 7"


@pytest.mark.django_db
def test_a_task_that_ran_is_queued_again_with_its_name_and_a_new_actor() -> None:
    ran = Task(name="approve 7", func="tenants.tasks.approve", args=(7,), kwargs={"actor": "olga"})
    queue.enqueue_again(ran, actor="mia")
    (task,) = queued()
    assert (task["name"], task["func"]) == ("approve 7", "tenants.tasks.approve")
    assert (task["args"], task["kwargs"]) == ((7,), {"actor": "mia"})


def test_a_function_that_has_no_name_to_be_found_by_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be found by its name"):
        queue.enqueue(lambda: None)
