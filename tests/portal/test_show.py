"""How words look on every page."""

import re
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


@pytest.mark.parametrize(
    ("address", "parts", "is_link"),
    [
        (
            "https://acme.my.salesforce.com",
            ["https://", "acme.", "my.", "salesforce.", "com"],
            True,
        ),
        ("http://acme.example/x", ["http://", "acme.", "example/", "x"], False),
        ("", [], False),
    ],
)
def test_a_line_breaks_an_address_between_its_parts_alone(
    address: str, parts: list[str], is_link: bool
) -> None:
    shown = show.whole_link(address)
    assert re.findall(r'<span class="whole">(.*?)</span>', shown) == parts
    assert ("<a " in shown) == is_link
    assert shown.count("<wbr>") == max(len(parts) - 1, 0)
    assert shown == "-" or parts


def test_a_connection_without_a_state_shows_none() -> None:
    assert show.state_of(Connection()) == "-"
