"""What stands in the way of a release is said, and so is what to do."""

from dataclasses import replace
from datetime import date

import pytest

from portal.project.version import VERSION
from scripts import release
from scripts.release import ROOT, Tree

TODAY = date(2026, 12, 1)
READY = Tree("main", "4f0c2a1", "", frozenset({"v1.0.0"}))
CHANGELOG = """# Changelog

## Unreleased

## 1.1.0 - 2026-12-01

### Added

- A card.

### Security

None.

## 1.0.0 - 2026-11-01

### Security

- A link could be guessed. Who runs 0.9 should update.
"""


def problems(version: str = "1.1.0", changelog: str = CHANGELOG, tree: Tree = READY) -> list[str]:
    return release.problems(version, changelog, tree, TODAY)


def test_what_is_complete_can_be_released() -> None:
    assert problems() == []


def test_a_section_is_read_up_to_the_next_heading() -> None:
    _, newest, oldest = release.sections(CHANGELOG)
    assert (newest.name, newest.day) == ("1.1.0", "2026-12-01")
    assert newest.text == "### Added\n\n- A card.\n\n### Security\n\nNone."
    assert oldest.text.endswith("should update.")


@pytest.mark.parametrize(
    ("tree", "said"),
    [
        (replace(READY, branch="w/x"), "this is the branch w/x: git switch main"),
        (replace(READY, changes=" M README.md"), "not committed: git status\n M README.md"),
        (replace(READY, tags=frozenset({"v1.1.0"})), "v1.1.0 is released already"),
    ],
)
def test_the_repository_must_be_ready(tree: Tree, said: str) -> None:
    [problem] = problems(tree=tree)
    assert said in problem


@pytest.mark.parametrize(
    ("version", "said"),
    [
        ("1.1", "is not three numbers"),
        ("1.0.0", "has a newer version"),
        ("1.2.0", "has no heading “## 1.2.0 - 2026-12-01”"),
    ],
)
def test_the_version_must_be_the_newest_of_the_changelog(version: str, said: str) -> None:
    assert any(said in each for each in problems(version))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("## Unreleased\n", "", "no heading “## Unreleased”"),
        ("## Unreleased\n", "## Unreleased\n\n- A button.\n", "has text under Unreleased"),
        ("2026-12-01", "2026-11-30", "dates 1.1.0 “2026-11-30”"),
        (" - 2026-12-01", "", "dates 1.1.0 “”"),
        ("### Security\n\nNone.\n", "", "nothing under “### Security” of 1.1.0"),
        ("### Security\n\nNone.\n", "### Security\n", "nothing under “### Security” of 1.1.0"),
        ("None.\n", "### Fixed\n\n- A bar.\n", "nothing under “### Security” of 1.1.0"),
        ("## 1.0.0 - 2026-11-01", "## 1.1.0 - 2026-12-01", "two headings of 1.1.0"),
    ],
)
def test_the_changelog_must_be_complete(old: str, new: str, said: str) -> None:
    changed = CHANGELOG.replace(old, new, 1)
    assert changed != CHANGELOG
    [problem] = problems(changelog=changed)
    assert said in problem


def test_the_own_changelog_can_be_read_and_has_security_notices() -> None:
    newest = release.sections((ROOT / "CHANGELOG.md").read_text())[0]
    assert newest.name == "Unreleased"
    assert "### Security" in newest.text or not newest.text


def test_a_version_that_is_newer_than_the_changelog_only_lacks_its_heading() -> None:
    [problem] = problems("1.2.0")
    assert "has no heading" in problem


def test_what_a_check_leaves_out_is_remembered(capsys: pytest.CaptureFixture[str]) -> None:
    script = "echo == 3.12: not run; echo SKIPPED [2] no npm >&2; echo 9 passed; exit 3"
    code, left_out = release.run(("sh", "-c", script))
    assert (code, left_out) == (3, ["== 3.12: not run", "SKIPPED [2] no npm"])
    assert "9 passed" in capsys.readouterr().out


def test_only_the_commit_that_was_checked_is_tagged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release, "CHECKS", (("true",),))
    monkeypatch.setattr(release, "tree", lambda: READY)
    assert release._of_checks(READY) == []
    [problem] = release._of_checks(replace(READY, commit="9e1b77d"))
    assert "has changed while the checks ran" in problem
    monkeypatch.setattr(release, "CHECKS", (("false",),))
    assert release._of_checks(READY) == ["false failed"]


def test_the_version_is_three_numbers() -> None:
    assert list(release._of_version(VERSION, [])) == []
