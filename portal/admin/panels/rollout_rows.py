"""The tenants on a roll-out's page: where each stands, and why."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from connect import remedies
from connect.formats import counted, sentence
from connect.mappings.lint import Severity
from connect.models import BlockedKind, RolloutItem, RolloutItemStatus
from portal import show

CANCELLED = "The roll-out was cancelled before its turn."
CORRECT_FINDINGS = (
    "Correct what the check names, in the org or with a new version. Then press “Retry failed” on "
    "the roll-out's page. This needs the role Manager."
)
TONES = {
    RolloutItemStatus.CHECKING: show.BUSY,
    RolloutItemStatus.REFUSED: show.BAD,
    RolloutItemStatus.READY: show.MUTED,
    RolloutItemStatus.WORKING: show.BUSY,
    RolloutItemStatus.DONE: show.GOOD,
    RolloutItemStatus.FAILED: show.BAD,
    RolloutItemStatus.SKIPPED: show.MUTED,
}


@dataclass(frozen=True)
class Row:
    """One tenant. `why` are sentences, errors before all else; warnings are shown on demand."""

    item: RolloutItem
    badge: str
    why: list[str]
    what_to_do: str
    warnings: list[str]


def of(items: QuerySet[RolloutItem]) -> list[Row]:
    """Return the rows of these tenants. One query."""
    return [_row(item) for item in items.select_related("connection__tenant")]


def badge(item: RolloutItem) -> str:
    """Return the status of a roll-out's tenant as a coloured word."""
    return show.badge(item.get_status_display(), TONES[RolloutItemStatus(item.status)])


def what_to_do(item: RolloutItem) -> str:
    """Return what a tenant's failure or refusal asks for, "" if nothing has to be done."""
    if item.status not in (RolloutItemStatus.FAILED, RolloutItemStatus.REFUSED):
        return ""
    if item.status == RolloutItemStatus.REFUSED and not item.blocked_kind:
        return CORRECT_FINDINGS
    kind = BlockedKind(item.blocked_kind or BlockedKind.OTHER)
    return remedies.of_rollout_item(kind).in_words


def _row(item: RolloutItem) -> Row:
    to_do = what_to_do(item)
    # What to do says it in general words, the advice about one finding.
    found = _findings(item, Severity.ERROR, _with_advice if not to_do else _plain)
    why = [*filter(None, [_state(item)]), *found] or _changes(item)
    return Row(item, badge(item), why, to_do, _findings(item, Severity.WARNING, _plain))


def _state(item: RolloutItem) -> str:
    if item.status == RolloutItemStatus.SKIPPED:
        return CANCELLED
    if item.last_error:
        return sentence(item.last_error)
    return f"Waiting for {item.waiting_for}." if item.waiting_for else ""


def _findings(
    item: RolloutItem, severity: Severity, in_words: Callable[[dict[str, Any]], str]
) -> list[str]:
    return [in_words(each) for each in item.findings if each["severity"] == severity]


def _plain(found: dict[str, Any]) -> str:
    return sentence(f"{found['where']}: {found['text']}")


def _with_advice(found: dict[str, Any]) -> str:
    return f"{_plain(found)} {found.get('advice', '')}".strip()


def _changes(item: RolloutItem) -> list[str]:
    return [f"{counted(len(item.changes), 'change')}."] if item.changes else []
