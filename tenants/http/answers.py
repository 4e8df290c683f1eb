"""A peer's successful answer, and the reading of its body."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tenants.http.cleaning import clean
from tenants.http.errors import Retryable, Uncertain
from tenants.http.json_object import JsonObject
from tenants.json_depth import MAX_DEPTH, is_too_deep

HTML = "an HTML page"


@dataclass(frozen=True)
class Answer:
    """A 2xx answer. `body` is parsed JSON, or None when there was none."""

    system: str
    status: int
    request_id: str
    safe: bool
    headers: Mapping[str, str] = field(repr=False)
    body: Any = field(repr=False)

    def document(self) -> JsonObject:
        """Return the body as an object. Raises Retryable, or Uncertain after an unsafe call."""
        return JsonObject(self.body, self.missing)

    def documents(self) -> list[JsonObject]:
        """Return the body as a list of objects; it may be empty. Raises as `document` does."""
        if not isinstance(self.body, list):
            raise self.missing("a list")
        return [JsonObject(each, self.missing) for each in self.body]

    def missing(self, what: str) -> Retryable:
        """Return the error for an answer without `what`."""
        # After a call that changes something, a broken answer does not mean that it failed.
        error = Retryable if self.safe else Uncertain
        return error(self.system, self.status, f"an answer without {what}", self.request_id)


def parse_body(body: bytes, content_type: str) -> tuple[Any, str]:
    """Return (document, problem). An empty body is None and not a problem.

    Peers are read leniently: an answer with a repeated key is accepted.
    """
    if not body.strip():
        return None, ""
    try:
        text = body.decode(json.detect_encoding(body))
        if is_too_deep(text):
            return None, f"JSON of more than {MAX_DEPTH} levels"
        return clean(json.loads(text)), ""
    except ValueError:
        # A page of a proxy or of maintenance often comes without the right Content-Type.
        is_page = "html" in content_type.lower() or body.lstrip()[:1] == b"<"
        return None, HTML if is_page else "broken JSON"
