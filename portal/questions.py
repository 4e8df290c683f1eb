"""The questions of one page, asked with one statement when the first answer is needed.

A page says early what it will ask: the menu's counts, the counts of states, the choices of filters.
"""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest

from tenants.batching import Asking, Query, together

Answer = Callable[[], Any]


class Questions:
    """What one page asks, and the answers that are there."""

    def __init__(self) -> None:
        self._open: list[Asking[Any] | Query] = []
        self._answers: list[Any] = []

    def add(self, question: Asking[Any] | Query) -> Answer:
        """Take a question, and return what gives its answer."""
        place = len(self._answers) + len(self._open)
        self._open.append(question)
        return lambda: self._answer(place)

    def _answer(self, place: int) -> Any:
        if place >= len(self._answers):
            asked, self._open = self._open, []
            self._answers += together(*asked)
        return self._answers[place]


def later(request: HttpRequest, question: Asking[Any] | Query) -> Answer:
    """Ask with the page's other questions; the answer is called for."""
    if not hasattr(request, "questions"):
        request.questions = Questions()  # type: ignore[attr-defined]
    questions: Questions = request.questions  # type: ignore[attr-defined]
    return questions.add(question)
