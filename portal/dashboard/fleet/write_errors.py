"""The writes that Salesforce refused, by cause."""

from datetime import datetime
from typing import Any

from connect.formats import counted
from portal.dashboard.cards import write_errors
from tenants.batching import Asking, batched

MAX_CAUSES = 15


@batched
def read(now: datetime) -> Asking[dict[str, Any]]:
    """Two queries."""
    found = yield from write_errors.with_causes(MAX_CAUSES)
    bars = found["chart"].bars
    rest = found["total"] - sum(bar.value for bar in bars)
    more = f"; {counted(int(rest), 'write')} of other causes" if rest else ""
    said = f"{counted(found['total'], 'failed write')} of {counted(len(bars), 'cause')}{more}."
    return {**found, "said": said}
