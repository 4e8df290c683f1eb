"""Every task that is queued has a row that is found again when the task is lost."""

import ast
import importlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django_q.conf import Conf
from django_q.models import OrmQ

from portal.project import schedules
from tenants import messages, queue, sending, sweeps
from tenants.models import Message, MessageKind, Tenant
from tests import cast, floors
from tests.queue import queued_calls

ROOT = Path(settings.BASE_DIR)


def calls() -> Iterator[tuple[str, str]]:
    """Yield the place and the function of each call that queues a task, from the source."""
    for app in floors.APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            if path.name == "queue.py" and path.parent.name == "tenants":
                continue
            module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            for node in ast.walk(ast.parse(path.read_text())):
                match node:
                    case ast.Call(func=ast.Name(id="enqueue"), args=[given, *_]):
                        yield f"{module}:{node.lineno}", resolved(module, given)
                    case ast.Call(func=ast.Name(id="enqueue_as"), args=[_, given, *_]):
                        yield f"{module}:{node.lineno}", resolved(module, given)


def resolved(module: str, given: ast.expr) -> str:
    """Return the dotted name of the function that an argument names in a module."""
    found: Any = importlib.import_module(module)
    for name in ast.unparse(given).split("."):
        found = getattr(found, name)
    return sweeps.name_of(found)


def test_every_function_that_is_queued_is_found_by_a_sweep_or_a_schedule() -> None:
    queued = dict(calls())
    assert len(queued) > 15
    found = sweeps.found_by()
    assert {where: name for where, name in queued.items() if name not in found} == {}
    # And nothing is registered that nobody queues.
    assert set(found) == set(queued.values())


def test_what_a_schedule_asks_for_again_is_scheduled() -> None:
    sweeping = {sweep.name for sweep in sweeps.every()}
    assert sweeping == {
        *("e-mails", "notices", "connections", "roll-outs", "runs", "started", "collections"),
        "webhooks",
    }
    assert set(sweeps.found_by().values()) - sweeping <= set(schedules.SCHEDULES)


def test_nothing_is_queued_past_the_registry() -> None:
    """django-q2's own function is called in one place only."""
    users = [
        str(path.relative_to(ROOT))
        for app in floors.APPS
        for path in (ROOT / app).rglob("*.py")
        if "async_task" in path.read_text()
    ]
    assert users == ["tenants/queue.py"]


def test_a_function_without_a_sweep_is_refused() -> None:
    with pytest.raises(sweeps.Unswept, match=r"register it in tenants\.sweeps"):
        queue.enqueue(calls)


# --- a queue that loses everything ---------------------------------------------------------------


@pytest.fixture
def acme(db: None) -> Tenant:
    return cast.enrol(cast.ACME)


def aged(seconds: int) -> None:
    """Make every message as if it was queued so many seconds ago."""
    for message in Message.objects.all():
        assert message.queued_at
        message.queued_at -= timedelta(seconds=seconds)
        message.save(update_fields=["queued_at"])


def test_with_an_empty_queue_a_lost_task_is_replaced_within_seconds(acme: Tenant) -> None:
    messages.queue(acme, MessageKind.SIGN_IN, "key")
    assert queue.lost_after() >= sweeps.REQUEUE_AFTER  # its task waits in the queue
    OrmQ.objects.all().delete()
    assert queue.lost_after() == queue.LOST_AT_ONCE <= timedelta(seconds=5)
    assert sweeps.run(queue.lost_after()) == 0  # a worker may have just taken it
    aged(6)
    assert sweeps.run(queue.lost_after()) == 1
    assert sweeps.run(queue.lost_after()) == 0


@pytest.fixture
def redis_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    """Redis is the broker, at an address where nobody listens."""
    monkeypatch.setattr(settings, "REDIS_URL", "redis://127.0.0.1:1")
    monkeypatch.setattr(Conf, "BROKER_CLASS", "portal.project.brokers.RedisBroker")


@pytest.mark.django_db(transaction=True)
def test_with_redis_down_the_row_is_stored_and_found_later(
    redis_is_down: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = messages.queue(cast.enrol(cast.ACME), MessageKind.SIGN_IN, "key")
    assert message.pk
    with pytest.raises(queue.QueueIsAway):
        queue.lost_after()
    monkeypatch.undo()
    aged(6)
    assert sweeps.run(queue.lost_after()) == 1
    assert queued_calls() == [("tenants.sending.send", (message.pk, 0))]


@pytest.mark.django_db(transaction=True)
def test_a_hint_follows_the_commit_where_the_queue_is_not_the_database(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(settings, "REDIS_URL", "redis://127.0.0.1:1")
    with transaction.atomic():
        queue.enqueue(sending.send, 7)
        assert queued_calls() == []
    assert queued_calls() == [("tenants.sending.send", (7,))]
