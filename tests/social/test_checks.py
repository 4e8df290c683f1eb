"""Every check of this use case finds its fault and names the setting."""

from typing import Any

import pytest
from pytest_django import Settings

from portal.project.checks import RULES
from tests.portal.project.test_checks import found

WRONG: list[tuple[str, str, Any, str]] = [
    ("E011", "X_API_URL", "http://api.x.com", "config:unset X_API_URL"),
    ("E012", "X_POSTS_PER_DAY", 9, "X_POSTS_PER_DAY=5000"),
    ("E012", "X_QUERY_LENGTH", 100, "at least 128"),
    ("E060", "X_BEARER_TOKEN", "a b", "no token has"),
    ("E061", "X_POSTS_PER_MONTH", 100, "X_POSTS_PER_DAY=100"),
]


@pytest.mark.parametrize(("number", "name", "value", "words"), WRONG)
def test_a_wrong_setting_is_found(
    number: str, name: str, value: Any, words: str, settings: Settings
) -> None:
    setattr(settings, name, value)
    message = found()[f"multiconnect.{number}"]
    assert words in message
    assert "\n" not in message


def test_every_rule_has_a_case_here() -> None:
    own = {number for number, rule in RULES.items() if rule.__module__ == "social.checks"}
    assert own == {"E060", "E061"}
    assert own <= {number for number, *_ in WRONG}
