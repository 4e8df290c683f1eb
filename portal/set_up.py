"""What setup_portal asks the use cases to do, after its own work: a line of text for each thing."""

from collections.abc import Callable, Iterable

Step = Callable[[], Iterable[str]]
_steps: list[Step] = []


def register(step: Step) -> None:
    """Have setup_portal run a step of a use case."""
    _steps.append(step)


def run() -> list[str]:
    """Run all of them; return a line of text for each thing that they did."""
    return [line for each in _steps for line in each()]
