"""The tenant's state machine: each stage, its step, and the moves that are allowed."""

from collections.abc import Callable

from connect.models import Stage
from connect.provisioning.stages import IllegalTransition, check_transition
from connect.provisioning.steps import STEPS
from scripts.documents.blocks import table


def machine(_: str) -> str:
    """Draw the stages with the allowed moves.

    Off-boarding can begin in nearly every stage: one arrow from a box around them shows that.
    """
    moves = {(now, then) for now in Stage for then in Stage if _allowed(now, then)}
    ends_from = [now for now in Stage if (now, Stage.OFFBOARDING) in moves]
    inside = {move for move in moves if set(move) <= set(ends_from)}
    outside = moves - inside - {(now, Stage.OFFBOARDING) for now in ends_from}
    lines = [
        "stateDiagram-v2",
        *(f'    state "{stage.label}" as {stage}' for stage in Stage),
        '    state "Not ended yet" as running {',
        f"        [*] --> {next(iter(Stage))}",
        *(f"        {now} --> {then}" for now, then in sorted(inside, key=_place)),
        "    }",
        f"    running --> {Stage.OFFBOARDING}: off-board",
        *(f"    {now} --> {then}" for now, then in sorted(outside, key=_place)),
    ]
    return "\n".join(["```mermaid", *lines, "```"])


def steps(_: str) -> str:
    """Return a table: each stage with its step's function and what that does."""
    rows = []
    for stage in Stage:
        step = STEPS.get(stage)
        rows.append((stage.label, f"`{stage}`", *(_described(step) if step else ("-", "-"))))
    return table(("stage", "in code", "step", "what the step does"), rows)


def _described(step: Callable[..., object]) -> tuple[str, str]:
    path = f"../{step.__module__.replace('.', '/')}.py"
    return f"[`{step.__name__}`]({path})", (step.__doc__ or "").splitlines()[0]


def _allowed(now: Stage, then: Stage) -> bool:
    try:
        check_transition(now, then)
    except IllegalTransition:
        return False
    return True


def _place(move: tuple[Stage, Stage]) -> tuple[int, int]:
    order = list(Stage)
    return order.index(move[0]), order.index(move[1])
