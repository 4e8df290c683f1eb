"""What staff have done to the fleet: roll-outs, bulk runs, the audit trail."""

from bench.fleet.loading import fill
from connect.models import MappingTemplate, Rollout, RolloutItem, RolloutItemStatus, RolloutStatus
from portal.models import AuditEntry, AuditKind, BulkItem, BulkItemStatus, BulkRun

TIMES = 20  # roll-outs, and bulk runs over many tenants
WHOLE = 2  # of each of them had all live tenants
PART = 1000  # tenants that the others had at most
PRESSED = 10  # one tenant in so many had a bulk run of its own

_LIVE = """
(SELECT id, tenant_id, row_number() OVER (ORDER BY id) AS place
FROM connect_connection WHERE stage = 'live') c"""
_TOTAL = "(SELECT count(*) FROM connect_connection WHERE stage = 'live')"
_HAD = f"c.place <= {PART} OR run.id > {TIMES - WHOLE}"  # keys are from 1
_EACH = f"generate_series(1, {TIMES}) k"
_DAYS_AGO = f"now() - ({TIMES + 1} - k) * interval '1 day'"


def work() -> None:
    """Store finished roll-outs and bulk runs over the tenants that are there, and the presses."""
    _rollouts()
    _bulk_runs()
    _presses()


def _rollouts() -> None:
    target = str(MappingTemplate.objects.get(version=1).pk)
    done = {"template_id": target, "author": "'mia'", "created_at": _DAYS_AGO}
    fill(Rollout, _EACH, status=f"'{RolloutStatus.DONE}'", **done)
    fill(
        RolloutItem,
        f"connect_rollout run, {_LIVE} WHERE {_HAD}",
        rollout_id="run.id",
        connection_id="c.id",
        wave="0",
        target_id=target,
        status=f"'{RolloutItemStatus.DONE}'",
    )


def _bulk_runs() -> None:
    run = {"action": "'refresh'", "label": "'Refresh'", "actor": "'mia'", "key": "NULL"}
    ended = {"created_at": _DAYS_AGO, "finished_at": _DAYS_AGO}
    fill(BulkRun, _EACH, total=_TOTAL, **run, **ended)
    _bulk_items(f"portal_bulkrun run, {_LIVE} WHERE {_HAD}", "c.tenant_id", "c.id")
    presses = f"tenants_tenant t WHERE t.id % {PRESSED} = 0"
    at = "now() - t.id * interval '1 minute'"
    about = {"about": "t.id::text", "created_at": at, "finished_at": at}
    fill(BulkRun, presses, total="1", **run, **about)
    _bulk_items("portal_bulkrun run WHERE about <> ''", "about::bigint", "about::bigint")


def _bulk_items(source: str, tenant: str, connection: str) -> None:
    fill(
        BulkItem,
        source,
        run_id="run.id",
        tenant_id=tenant,
        connection_id=connection,
        name=f"'Tenant ' || {tenant}",
        status=f"'{BulkItemStatus.DONE}'",
        ended_at="now()",
    )


def _presses() -> None:
    pressed = {"kind": f"'{AuditKind.PRESSED}'", "actor": "'mia'", "what": "'Retry'"}
    fill(AuditEntry, "tenants_tenant t", at="now() - t.id * interval '1 minute'", **pressed)
