"""How long the room lasts: from the orders of the last four weeks."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from connect.placement.forecast import forecast
from tests.connect.placement.test_choose import EMPTY

TODAY = date(2026, 11, 26)


def ordered(*per_day: int) -> dict[date, int]:
    """Return orders by day, the last one today."""
    return {TODAY - timedelta(days=back): n for back, n in enumerate(reversed(per_day))}


@pytest.mark.parametrize(
    ("free", "orders", "days", "scarce"),
    [
        (100, (), None, False),
        (0, (), None, True),
        (100, (7,), 100.0, False),  # one busy day makes no rate
        (100, (1,) * 28, 100.0, False),
        (29, (1,) * 28, 29.0, True),
        (30, (1,) * 28, 30.0, False),
        (100, (50, *(0,) * 28), None, False),  # older than the window
        (28, (28, *(0,) * 27), 28.0, True),
        (20, (2,) * 10, 10.0, True),
    ],
)
def test_the_room_is_divided_by_the_recent_rate(
    free: int, orders: tuple[int, ...], days: float | None, scarce: bool
) -> None:
    found = forecast([replace(EMPTY, max_addons=free)], ordered(*orders), TODAY)
    assert (found.free, found.is_scarce) == (free, scarce)
    assert found.days == (days if days is None else pytest.approx(days))


def test_only_open_host_apps_count() -> None:
    rooms = [
        EMPTY,
        replace(EMPTY, accepts=False),
        replace(EMPTY, is_ready=False),
        replace(EMPTY, is_away=True),
    ]
    assert forecast(rooms, {}, TODAY).free == 10


def test_it_is_said_in_words() -> None:
    found = forecast([EMPTY], ordered(*(1,) * 28), TODAY)
    assert found.in_words == "Room for 10 more, about 10 days at 1.0 a day."
    assert forecast([], {}, TODAY).in_words == "There is no room for another tenant."
