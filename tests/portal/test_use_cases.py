"""A use case is a plug-in: without its folder, all the rest works (docs/your-own-use-case.md)."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

ROOT: Path = settings.BASE_DIR
FOLDERS = ("social/", "tests/social/")
# What names the use case outside its folders: file, pattern, replacement.
MENTIONS = (
    ("pyproject.toml", r'"social", |, "social"', ""),
    ("scripts/check", r" social\b", ""),
    ("README.md", r"(?m)^\| `X_[A-Z_]+` \|.*\n", ""),
    ("app.json", r'(?s),?\s*"X_BEARER_TOKEN": \{.*?\}', ""),
)
QUICK = (
    "tests/tenants/test_links.py",
    "tests/connect/test_progress.py",
    "tests/portal/test_floors.py",
    "tests/portal/test_deployment.py",
    "tests/portal/test_roles.py",
    "tests/portal/project/test_schedules.py",
    "tests/portal/admin/test_index.py::test_an_empty_portal_says_where_the_first_tenant_comes_from",
)


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
            if (
                name.startswith(tuple(f"{each}/" for each in FOLDERS))
                or not (ROOT / name).is_file()
            ):
                continue
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)

    def tidy(self) -> None:
        """Take the use case out of the files that name it."""
        for name, pattern, replacement in MENTIONS:
            path = self.folder / name
            text, count = re.subn(pattern, replacement, path.read_text())
            assert count, f"{name} does not name the use case: correct MENTIONS and the guide"
            path.write_text(text)

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
    python = ("env", *WITHOUT_DATABASE, sys.executable, "-W", "ignore::RuntimeWarning")
    assert "no issues" in copy.run(*python, "manage.py", "check")
    apps = ("tenants", "connect", "portal")
    answer = copy.run(*python, "manage.py", "makemigrations", "--check", "--dry-run", *apps)
    assert "No changes" in answer
    copy.run(*python, "-c", "import portal.wsgi, portal.urls, portal.project.worker, portal.tasks")


def test_the_checks_and_some_tests_pass_without_the_use_case(copy: Copy) -> None:
    copy.tidy()
    linter = Path(sys.executable).with_name("lint-imports")
    assert "0 broken" in copy.run(str(linter), "--no-logo")
    assert " passed" in copy.test("-n", "0", *QUICK)


@pytest.mark.thorough
def test_all_tests_of_the_other_apps_pass_without_the_use_case(copy: Copy) -> None:
    copy.tidy()
    own = ("tests/tenants", "tests/connect", "tests/portal")
    unfit = ("--deselect", "tests/portal/test_use_cases.py")
    assert " passed" in copy.test(
        "-n", "2", "-m", "not browser and not chaos and not thorough", *unfit, *own
    )
