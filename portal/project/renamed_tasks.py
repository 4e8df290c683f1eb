"""Tasks that were renamed: what older versions queued or kept is given the new names.

The queue stores names (tenants/queue.py). When a function that the queue runs is renamed, its old
name is added here for one release. A task in a Redis queue is not reached; it fails with its old
name and the sweep queues the work again.
"""

from collections import Counter
from collections.abc import Callable
from typing import Any

from django_q.models import OrmQ, Schedule, Task
from django_q.signing import BadSignature, SignedPackage

from connect import tasks
from connect.formats import counted
from connect.health import alerts
from connect.provisioning import reconciler
from portal import bulk
from tenants import sending
from tenants.sweeps import name_of

RENAMED: dict[str, Callable[..., object]] = {
    "connect.tasks.advance": reconciler.advance,
    "connect.tasks.look": tasks.refresh_connection,
    "connect.tasks.post_notice": alerts.post,
    "connect.tasks.upkeep_health": tasks.maintain_health,
    "connect.tasks.watch": tasks.check_incidents,
    "portal.tasks.work_off": bulk.work_off,
    "tenants.tasks.deliver": sending.send,
}


def ensure() -> list[str]:
    """Rename what is stored; return what was changed, in words."""
    counts = Counter(old for row in OrmQ.objects.all() if (old := _repack(row)))
    for old, function in RENAMED.items():
        for kept in (Task, Schedule):
            counts[old] += kept.objects.filter(func=old).update(func=name_of(function))
    return [
        f"task {old}: renamed in {counted(count, 'row')}" for old, count in counts.items() if count
    ]


def _repack(row: OrmQ) -> str:
    """Give a queued task its new name; return the old one, or "" if it was not renamed."""
    try:
        task: dict[str, Any] = SignedPackage.loads(row.payload)
    except BadSignature:  # SECRET_KEY was replaced; the worker drops such a row
        return ""
    old = str(task["func"])
    if old not in RENAMED:
        return ""
    payload = SignedPackage.dumps({**task, "func": name_of(RENAMED[old])})
    OrmQ.objects.filter(pk=row.pk).update(payload=payload)
    return old
