"""Work through rows for a short time, so that peers that hang do not use up a whole task."""

import time
from collections.abc import Iterable, Iterator
from itertools import takewhile
from typing import TypeVar

Row = TypeVar("Row")

# A task may take 120 and has several such works; one row may take two calls of 25.
MAX_SECONDS = 15.0


def in_time(rows: Iterable[Row]) -> Iterator[Row]:
    """Yield rows until the time is up; the others have their turn in the next run."""
    stop_at = time.monotonic() + MAX_SECONDS
    return takewhile(lambda _: time.monotonic() < stop_at, rows)
