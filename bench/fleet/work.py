"""What staff have done to the fleet: roll-outs, bulk runs, the audit trail."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from connect.models import (
    MappingTemplate,
    Rollout,
    RolloutItem,
    RolloutItemStatus,
    RolloutStatus,
    RolloutStep,
)
from portal.models import AuditEntry, AuditKind, BulkItem, BulkItemStatus, BulkRun

TIMES = 20
PRESSES = 5_000


def work(connections: Sequence[int], now: datetime) -> None:
    """Store TIMES finished roll-outs and bulk runs over these connections, and PRESSES."""
    template = MappingTemplate.objects.get(version=1)
    for day in range(1, TIMES + 1):
        at = now - timedelta(days=day)
        _rollout(template, connections, at)
        _bulk_run(connections, at)
    AuditEntry.objects.bulk_create(
        AuditEntry(at=now - timedelta(minutes=n), kind=AuditKind.PRESSED, actor="mia", what="Retry")
        for n in range(PRESSES)
    )


def _rollout(template: MappingTemplate, connections: Sequence[int], at: datetime) -> None:
    made = Rollout.objects.create(
        author="mia", template=template, status=RolloutStatus.DONE, created_at=at
    )
    RolloutItem.objects.bulk_create(
        RolloutItem(
            rollout=made,
            connection_id=key,
            wave=0,
            target=template,
            status=RolloutItemStatus.DONE,
            step=RolloutStep.SEND,
        )
        for key in connections
    )


def _bulk_run(connections: Sequence[int], at: datetime) -> None:
    made = BulkRun.objects.create(
        action="refresh",
        label="Refresh",
        actor="mia",
        total=len(connections),
        created_at=at,
        finished_at=at,
    )
    BulkItem.objects.bulk_create(
        BulkItem(
            run=made,
            tenant_id=key,
            connection_id=key,
            name=f"Tenant {key}",
            status=BulkItemStatus.DONE,
            ended_at=at,
        )
        for key in connections
    )
