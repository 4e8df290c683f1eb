"""A program that is not there skips its tests, and fails them in CI."""

import pytest

from tests.lacking import lacking

PROGRAM = "chromium-headless-shell"


def test_elsewhere_the_test_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match=f"apt-get install {PROGRAM}"):
        lacking(PROGRAM)


def test_in_ci_and_before_a_release_it_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match=f"apt-get install {PROGRAM}"):
        lacking(PROGRAM)
