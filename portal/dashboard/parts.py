"""The parts of a page that renews itself: which of them a browser still has. See live.js."""

import hashlib
import re
from collections.abc import Mapping

from portal.looks import HEADER

LENGTH = 20
# What changes without saying something else, as in live.js: the browser itself renews a moment.
_CHANGING = re.compile(
    r'name="(csrfmiddlewaretoken|press)" value="[^"]*"|(?<=<time class="moment")([^>]*>)[^<]*'
)


def mark(html: str) -> str:
    """Return a short name of what a part says."""
    said = _CHANGING.sub(r"\2", html)
    return hashlib.sha256(said.encode()).hexdigest()[:LENGTH]


def known(headers: Mapping[str, str]) -> set[str]:
    """Return the marks that a browser has sent."""
    return set(headers.get(HEADER, "").split(","))
