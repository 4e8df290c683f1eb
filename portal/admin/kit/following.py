"""A row's page follows what was pressed on it: it looks again until the worker has done it.

The answer is the whole page again. live.js takes the parts that have changed.
"""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest

from portal.looks import is_look
from portal.models import BulkItem, BulkItemStatus
from portal.outcomes import OPEN

# Seconds between looks; 0: none. What was only started may take minutes or days.
FOLLOWED, STARTED, ENDED = 2, 10, 0


def every(presses: Sequence[BulkItem]) -> int:
    """Return the seconds between the looks of a page with these presses."""
    found = {each.status for each in presses}
    if found & {*OPEN}:
        return FOLLOWED
    return STARTED if BulkItemStatus.STARTED in found else ENDED


def frame(request: HttpRequest) -> dict[str, Any]:
    """Return the context that leaves out what a look does not need, and what it must not use up."""
    if not is_look(request):
        return {}
    return {"is_look": True, "is_nav_sidebar_enabled": False}
