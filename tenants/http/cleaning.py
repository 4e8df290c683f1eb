"""What Postgres cannot store is taken out of what peers send, here and nowhere else.

A NUL and half of a surrogate pair fit into JSON, but into no column. NaN and Infinity do not fit
into jsonb.
"""

import math
import re
from typing import Any

MAX_TEXT = 100_000  # characters; the longest texts are error pages and documents of mappings
MAX_COUNT = 10**15  # also a sum over thousands of rows fits into a bigint
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def clean_text(text: str, longest: int = MAX_TEXT) -> str:
    """Return `text` with U+FFFD for what cannot be stored, cut to `longest` characters."""
    return _UNSTORABLE.sub("�", text[:longest])


def clean(document: Any) -> Any:
    """Return a parsed JSON document with each text cleaned, and None for NaN and Infinity."""
    match document:
        case str():
            return clean_text(document)
        case dict():
            return {clean_text(name): clean(value) for name, value in document.items()}
        case list():
            return [clean(value) for value in document]
        case float() if not math.isfinite(document):
            return None
    return document
