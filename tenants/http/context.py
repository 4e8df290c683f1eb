"""The tenant and stage that this thread works for; every log line carries them."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

current_tenant: ContextVar[str] = ContextVar("current_tenant", default="-")
current_stage: ContextVar[str] = ContextVar("current_stage", default="-")


@contextmanager
def working_for(org_id: str, stage: str = "-") -> Iterator[None]:
    """Name the tenant, and the stage if there is one, in the log lines of the block."""
    tenant_token, stage_token = current_tenant.set(org_id), current_stage.set(stage)
    try:
        yield
    finally:
        current_stage.reset(stage_token)
        current_tenant.reset(tenant_token)
