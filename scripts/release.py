"""Check all that a release needs, and make its tag. The tag is the release: nothing else is built.

The version is in pyproject.toml, what has changed in CHANGELOG.md. Both are committed before.
"""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BRANCH = "main"
_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)")
_HEADING = re.compile(r"^## (?P<name>\S+)(?: - (?P<day>\S+))?$", re.MULTILINE)
# How a check says that it has left something out.
_LEFT_OUT = re.compile(r"not run\b|\bskipped\b", re.IGNORECASE)
# What runs before the tag is made: what CI runs, and the question for known holes in the packages.
CHECKS = (("bash", ".ci/run"), ("make", "audit"))


@dataclass(frozen=True)
class Section:
    """One version's part of the changelog. `day` is "" where the heading has none."""

    name: str
    day: str
    text: str


@dataclass(frozen=True)
class Tree:
    """The state of the repository: the branch, its commit, what is not committed, and the tags."""

    branch: str
    commit: str
    changes: str
    tags: frozenset[str]


def sections(changelog: str) -> list[Section]:
    """Read a changelog's sections, the newest first."""
    found = list(_HEADING.finditer(changelog))
    ends = [*(each.start() for each in found[1:]), len(changelog)]
    return [
        Section(each["name"], each["day"] or "", changelog[each.end() : end].strip())
        for each, end in zip(found, ends, strict=True)
    ]


def problems(version: str, changelog: str, tree: Tree, today: date) -> list[str]:
    """Return why this cannot be released, one line each."""
    found = sections(changelog)
    return [
        *_of_tree(version, tree),
        *_of_version(version, [each.name for each in found]),
        *_of_changelog(version, found, today),
    ]


def _of_tree(version: str, tree: Tree) -> Iterator[str]:
    if tree.branch != BRANCH:
        yield f"this is the branch {tree.branch}: git switch {BRANCH}"
    if tree.changes:
        yield f"there are changes that are not committed: git status\n{tree.changes}"
    if f"v{version}" in tree.tags:
        yield f"v{version} is released already: set the next version in pyproject.toml"


def _of_version(version: str, names: list[str]) -> Iterator[str]:
    older = [tuple(map(int, each.split("."))) for each in names if _VERSION.fullmatch(each)]
    if not _VERSION.fullmatch(version):
        yield f"the version {version} in pyproject.toml is not three numbers, as 1.4.0"
    elif older and max(older) > tuple(map(int, version.split("."))):
        yield f"pyproject.toml says {version}, and CHANGELOG.md has a newer version"


def _of_changelog(version: str, found: list[Section], today: date) -> Iterator[str]:
    kept = {each.name: each for each in found}
    if "Unreleased" not in kept:
        yield "CHANGELOG.md has no heading “## Unreleased” for what comes next"
    elif kept["Unreleased"].text:
        yield f"CHANGELOG.md has text under Unreleased: move it to “## {version} - {today}”"
    if version not in kept:
        yield f"CHANGELOG.md has no heading “## {version} - {today}”"
        return
    if [each.name for each in found].count(version) > 1:
        yield f"CHANGELOG.md has two headings of {version}: put their text under one"
    if kept[version].day != str(today):
        yield f"CHANGELOG.md dates {version} “{kept[version].day}”: it is {today} (UTC)"
    if not re.search(r"^### Security\n+(?!#)\S", kept[version].text, re.MULTILINE):
        yield f"CHANGELOG.md says nothing under “### Security” of {version}: “None.”, if so"


def tree() -> Tree:
    """Ask git."""
    tags = frozenset(_git("tag", "--list", "v*").split())
    branch, commit = _git("branch", "--show-current"), _git("rev-parse", "HEAD")
    return Tree(branch, commit, _git("status", "--porcelain"), tags)


def main() -> int:
    """Check, run the checks that take long, make the tag; return the exit code."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    changelog = (ROOT / "CHANGELOG.md").read_text()
    before, today = tree(), datetime.now(UTC).date()
    found = problems(version, changelog, before, today) or _of_checks(before)
    if found:
        print(*found, f"{version} is not released", sep="\n")
        return 1
    [text] = [each.text for each in sections(changelog) if each.name == version]
    _tag(f"v{version}", before.commit, text)
    print(f"v{version} is tagged. To publish it: git push origin {BRANCH} v{version}")
    return 0


def _of_checks(before: Tree) -> list[str]:
    """Run what takes long, say what it left out, and return why this cannot be released."""
    left_out: list[str] = []
    for command in CHECKS:
        code, lines = run(command)
        left_out += lines
        if code:
            return [f"{' '.join(command)} failed"]
    print("== Not run:", *(left_out or ["nothing was left out"]), sep="\n")
    if tree() != before:
        return ["the repository has changed while the checks ran: git status, then make release"]
    return []


def run(command: Sequence[str]) -> tuple[int, list[str]]:
    """Run a command and show what it says; return its exit code and what it has not run."""
    left_out = []
    pipe, out = subprocess.PIPE, subprocess.STDOUT
    with subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=out, text=True) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            if _LEFT_OUT.search(line):
                left_out.append(line.strip())
    return process.returncode, left_out


def _tag(name: str, commit: str, text: str) -> None:
    _git("tag", "--annotate", name, "--cleanup=verbatim", "--message", text, commit)


def _git(*arguments: str) -> str:
    return subprocess.check_output(("git", *arguments), cwd=ROOT, text=True).strip()


if __name__ == "__main__":
    sys.exit(main())
