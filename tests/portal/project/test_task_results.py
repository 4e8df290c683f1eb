"""What django-q2 keeps of a failed task holds no secret."""

import pytest
from django.utils import timezone
from django_q.brokers import get_broker
from django_q.models import Task
from django_q.monitor import save_task


@pytest.mark.django_db
@pytest.mark.parametrize("success", [True, False])
def test_a_stored_result_is_redacted(success: bool) -> None:
    now = timezone.now()
    result = "ValueError: HRKU-test-token : Traceback … refresh_token=5Aepsecret"
    task = {
        "id": "a" * 32,
        "name": "x",
        "func": "x",
        "args": (),
        "kwargs": {},
        "sync": True,
        "started": now,
        "stopped": now,
        "success": success,
        "result": result,
    }
    save_task(task, get_broker())
    assert Task.objects.get().result == (
        "ValueError: [hidden] : Traceback … refresh_token=[hidden]"
    )
