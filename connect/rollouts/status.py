"""The status of a roll-out, and its own timeline."""

from connect.models import Rollout, RolloutEvent, RolloutStatus


class TransitionRefused(Exception):
    """The roll-out's state does not allow it. The text is the refusal."""


def require_status(rollout: Rollout, *legal: RolloutStatus) -> None:
    """Raise TransitionRefused unless the roll-out has one of these statuses."""
    if rollout.status not in legal:
        raise TransitionRefused(f"It is {rollout.get_status_display().lower()}")


def set_status(
    rollout: Rollout,
    status: RolloutStatus,
    actor: str,
    text: str,
    *,
    pause_reason: str = "",
    **facts: object,
) -> None:
    """Set the status of a roll-out and note the reason. The caller has locked its row."""
    paused_by = actor if pause_reason else ""
    changes = {**facts, "status": status, "pause_reason": pause_reason, "paused_by": paused_by}
    for name, value in changes.items():
        setattr(rollout, name, value)
    rollout.save(update_fields=list(changes))
    add_event(rollout, actor, text)


def add_event(rollout: Rollout, actor: str, text: str) -> None:
    """Append a line to the roll-out's own timeline."""
    RolloutEvent.objects.create(rollout=rollout, actor=actor, text=text)
