"""How words look on every page."""

from datetime import UTC, datetime

import pytest

from connect.models import Connection
from portal import show

AUTHORIZED = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("state", "authorized_at", "tone"),
    [
        ("NEED_AUTHENTICATION", None, show.WAIT),  # the first authorization is a step of the way
        ("NEED_AUTHENTICATION", AUTHORIZED, show.BAD),
        ("UNAUTHORIZED", None, show.BAD),
        ("UNAUTHORIZED", AUTHORIZED, show.BAD),
        ("IDLE", AUTHORIZED, show.GOOD),
    ],
)
def test_a_state_is_red_only_where_an_authorization_was_lost(
    state: str, authorized_at: datetime | None, tone: str
) -> None:
    row = Connection(state=state, authorized_at=authorized_at)
    assert show.state_of(row) == show.badge(state, tone)


def test_a_connection_without_a_state_shows_none() -> None:
    assert show.state_of(Connection()) == "-"
