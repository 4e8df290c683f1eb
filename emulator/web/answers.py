"""Answers of the emulated systems."""

import json
from typing import Any, NoReturn

from werkzeug.wrappers import Response


class EarlyAnswer(Exception):
    """Ends a handler with an answer."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


def answer(data: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Answer with JSON."""
    return Response(json.dumps(data), status, headers, content_type="application/json")


def html(text: str, status: int = 200) -> Response:
    """Answer with a page."""
    return Response(str(text), status, content_type="text/html; charset=utf-8")


def refuse(response: Response) -> NoReturn:
    """End the handler with this answer."""
    raise EarlyAnswer(response)
