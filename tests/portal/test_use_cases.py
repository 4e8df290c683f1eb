"""A use case is a plug-in: its folder is all there is of it.

Without the folder all the rest works (docs/your-own-use-case.md), and the files of
docs/first-use-case.md are all that another one needs.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts import migrations
from tests import documents
from tests.documents import ROOT
from tests.plugin import TEST_ENVIRONMENT

FOLDERS = ("social/", "tests/social/")
PAGE = ROOT / "docs/first-use-case.md"
NEW = ("census/", "tests/census/")
# What names the use case outside its folders: file, pattern, replacement.
MENTIONS = (("app.json", r'(?s),?\s*"X_BEARER_TOKEN": \{.*?\}', ""),)
QUICK = (
    "tests/tenants/test_links.py",
    "tests/connect/test_progress.py",
    "tests/portal/test_floors.py",
    "tests/portal/test_deployment.py",
    "tests/portal/test_roles.py",
    "tests/portal/project/test_schedules.py",
    "tests/portal/admin/test_index.py::test_an_empty_portal_says_where_the_first_tenant_comes_from",
)
# What the portal asks of every page, right and button, and so of those of a new use case.
OF_EVERY_PAGE = (
    "tests/portal/admin/test_declared.py",
    "tests/portal/admin/test_menu.py",
    "tests/portal/admin/test_routes.py",
)
# In a shell that knows nothing of this test run.
AS_A_READER = ("env", *(f"--unset={name}" for name in TEST_ENVIRONMENT), "bash", "-c")
WITHOUT_DATABASE = (
    "DATABASE_URL=postgres://nobody@127.0.0.1:1/none",
    "DJANGO_SETTINGS_MODULE=portal.project.settings",
)


class Copy:
    """The repository without the use case, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for name in filter(None, listed.split("\0")):
            if name.startswith(FOLDERS) or not (ROOT / name).is_file():
                continue
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
        (folder / ".venv").symlink_to(sys.prefix)

    def tidy(self) -> None:
        """Take the use case out of the files that name it."""
        for name, pattern, replacement in MENTIONS:
            path = self.folder / name
            text, count = re.subn(pattern, replacement, path.read_text())
            assert count, f"{name} does not name the use case: correct MENTIONS and the guide"
            path.write_text(text)

    def add(self) -> None:
        """Write the files that the page gives."""
        for name, text in documents.files(PAGE).items():
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_text(text)

    def texts(self) -> dict[str, bytes]:
        """Return every file, without what Python and its tools leave behind."""
        found = (each for each in self.folder.rglob("*") if each.is_file())
        names = {str(each.relative_to(self.folder)): each for each in found}
        return {
            name: path.read_bytes()
            for name, path in names.items()
            if not re.search(r"(^|/)(\.|__pycache__/)", name)
        }

    def run(self, *command: str) -> str:
        """Run a command in the copy with a database of its own; return what it says."""
        kept = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        env = {name: value for name, value in kept.items() if not name.startswith("PYTEST")}
        done = subprocess.run(
            command, cwd=self.folder, env=env, capture_output=True, text=True, timeout=1800
        )
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
        return done.stdout + done.stderr

    def test(self, *arguments: str) -> str:
        """Run tests in the copy."""
        return self.run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments)


@pytest.fixture
def copy(tmp_path: Path) -> Iterator[Copy]:
    yield Copy(tmp_path / "portal")
    shutil.rmtree(tmp_path / "portal", ignore_errors=True)


def test_deleting_the_folder_is_enough_for_the_product_to_start(copy: Copy) -> None:
    assert not [each for each in copy.texts() if each.startswith(FOLDERS)]
    python = ("env", *WITHOUT_DATABASE, sys.executable, "-W", "ignore::RuntimeWarning")
    assert "no issues" in copy.run(*python, "manage.py", "check")
    apps = [each.parent.name for each in migrations.folders(copy.folder)]
    assert {"portal", "integrations"} < set(apps)
    answer = copy.run(*python, "manage.py", "makemigrations", "--check", "--dry-run", *apps)
    assert "No changes" in answer
    copy.run(*python, "-c", "import portal.wsgi, portal.urls, portal.project.worker, portal.tasks")
    linter = Path(sys.executable).with_name("lint-imports")
    assert "0 broken" in copy.run(str(linter), "--no-logo")


def test_another_one_is_added_by_the_steps_of_its_page_and_touches_nothing(copy: Copy) -> None:
    copy.tidy()
    before = copy.texts()
    copy.add()
    *commands, tests = documents.commands(PAGE)
    for command in commands:
        copy.run(*AS_A_READER, command)
    # One run for the tests of the page and for those of the portal: each makes a database.
    assert " passed" in copy.run(*AS_A_READER, f"{tests} -p no:cacheprovider {' '.join(QUICK)}")
    after = copy.texts()
    assert {name for name in after if after[name] != before.get(name)} == {
        *documents.files(PAGE),
        *("census/migrations/__init__.py", "census/migrations/0001_initial.py"),
    }
    assert before.keys() <= after.keys()


def test_a_page_about_a_use_case_names_files_of_that_one_alone() -> None:
    assert [name for name in documents.files(PAGE) if not name.startswith(NEW)] == []


@pytest.mark.thorough
def test_the_types_of_the_files_of_the_page_are_right(copy: Copy) -> None:
    copy.add()
    assert "Success" in copy.run(str(Path(sys.executable).with_name("mypy")), *NEW)


@pytest.mark.thorough
def test_what_holds_for_every_page_holds_for_those_of_the_added_one(copy: Copy) -> None:
    copy.tidy()
    copy.add()
    copy.run(*AS_A_READER, documents.commands(PAGE)[0])
    assert " passed" in copy.test("-n", "2", *OF_EVERY_PAGE)


@pytest.mark.thorough
def test_all_tests_of_the_other_apps_pass_without_the_use_case(copy: Copy) -> None:
    copy.tidy()
    own = ("tests/tenants", "tests/connect", "tests/portal")
    unfit = ("--deselect", "tests/portal/test_use_cases.py")
    assert " passed" in copy.test(
        "-n", "2", "-m", "not browser and not chaos and not thorough and not every", *unfit, *own
    )
