"""The tenant's state machine: each stage, its step, and the moves that are allowed."""

from collections.abc import Callable

from connect.models import ENDING, Stage
from connect.provisioning.stages import IllegalTransition, check_transition
from connect.provisioning.steps import STEPS
from scripts.documents.blocks import table


def machine(_: str) -> str:
    """Draw the stages with the allowed moves.

    A connection can be ended in nearly every stage, and an undo goes back to where it was: one
    arrow from or to a box around them shows that.
    """
    moves = {(now, then) for now in Stage for then in Stage if _allowed(now, then)}
    running = {now for now in Stage if now not in (*ENDING, Stage.OFFBOARDED)}
    inside = {move for move in moves if set(move) <= running}
    outside = {move for move in moves if not set(move) & running}
    lines = [
        "stateDiagram-v2",
        *(f'    state "{stage.label}" as {stage}' for stage in Stage),
        '    state "Not ended yet" as running {',
        f"        [*] --> {next(iter(Stage))}",
        *(f"        {now} --> {then}" for now, then in sorted(inside, key=_place)),
        "    }",
        f"    running --> {Stage.GRACE}: off-board",
        f"    running --> {Stage.OFFBOARDING}: start over, or no grace period",
        f"    {Stage.RESUMING} --> running: as before",
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
