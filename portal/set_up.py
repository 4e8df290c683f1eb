"""What setup_portal asks the use cases to do, after its own work: a line of text for each thing."""

from collections.abc import Callable, Iterable

Step = Callable[[], Iterable[str]]
_steps: list[Step] = []


def register(step: Step) -> None:
    """Have setup_portal run a step of a use case."""
    _steps.append(step)


def run() -> list[str]:
    """Run all steps; return what they did, in words."""
    return [line for step in _steps for line in step()]
