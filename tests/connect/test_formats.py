"""How times and durations are written."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings

from connect.formats import counted, format_duration, format_time, sentence
from tests import floors


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (59.6, "1 min"),
        (125, "2 min 5 s"),
        (3600, "1 h"),
        (3605, "1 h"),
        (90_000, "1 d 1 h"),
    ],
)
def test_a_duration_is_written_in_its_largest_units(seconds: float, text: str) -> None:
    assert format_duration(timedelta(seconds=seconds)) == text


def test_a_time_is_written_with_its_time_zone() -> None:
    assert format_time(datetime(2026, 11, 3, 9, 5, tzinfo=UTC)) == "3 Nov 2026, 09:05 UTC"


def test_a_number_stands_with_its_noun() -> None:
    assert [counted(n, "row") for n in (0, 1, 1204)] == ["0 rows", "1 row", "1,204 rows"]
    assert [counted(n, "match", "matches") for n in (1, 2)] == ["1 match", "2 matches"]


@pytest.mark.parametrize("app", floors.APPS)
def test_no_other_module_makes_a_plural_itself(app: str) -> None:
    plural = re.compile(r"""["']{2} if [^\n]+ == 1 else ["']s["']""")
    files = (Path(settings.BASE_DIR) / app).rglob("*.py")
    assert [each.name for each in files if plural.search(each.read_text())] == []


@pytest.mark.parametrize(
    ("said", "shown"),
    [("No card", "No card."), ("No card.", "No card."), ("Really?", "Really?"), ("", "")],
)
def test_what_a_peer_says_ends_as_one_sentence(said: str, shown: str) -> None:
    assert sentence(said) == shown
