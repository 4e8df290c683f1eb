"""Errors of the API as RFC 9457 describes them: application/problem+json."""

import http
from typing import Any

from django.http import HttpRequest, JsonResponse

ROOT = "/api/"  # what is answered so


class Problem(Exception):
    """A request that is not answered. `detail` says what to do. `members` are added to the body."""

    def __init__(
        self, status: int, detail: str, headers: dict[str, str] | None = None, **members: Any
    ) -> None:
        super().__init__(status, detail)
        self.status, self.detail = status, detail
        self.headers, self.members = headers or {}, members

    def response(self, request: HttpRequest) -> JsonResponse:
        """Return the answer."""
        document = {
            "type": "about:blank",
            "title": http.HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            "request_id": getattr(request, "request_id", "-"),
            **self.members,
        }
        answer = JsonResponse(document, status=self.status, headers=self.headers)
        answer["Content-Type"] = "application/problem+json"
        answer["Cache-Control"] = "no-store"
        return answer
