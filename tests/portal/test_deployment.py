"""app.json, Procfile and Makefile agree with the settings and the commands."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import get_commands

from portal.project import connection_limits
from portal.project.checks import NUMBERS
from tests.portal.project.test_checks import bare

ROOT: Path = settings.BASE_DIR
READERS = ("str", "entries", "flag", "number", "zone")
SET_BY_ADD_ONS = {"DATABASE_URL"}


def text(path: str) -> str:
    """Read a file of the repository."""
    return (ROOT / path).read_text()


def settings_read() -> set[str]:
    """Return the name of every environment variable that the portal and its use cases read."""
    files = [
        ROOT / "portal/project/environment.py",
        *(ROOT / "portal/project").glob("*settings.py"),
        *(ROOT / name / "settings.py" for name in settings.USE_CASES),
    ]
    return {name for file in files if file.exists() for name in settings_read_by(file)}


def settings_read_by(file: Path) -> Iterator[str]:
    """Yield the name of every environment variable that a file of settings reads."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            reader = getattr(node.func, "attr", None) or getattr(node.func, "id", None)
            if reader in READERS:
                yield str(node.args[0].value)


def settings_required() -> set[str]:
    """Return the names that the checks ask for when nothing at all is set."""
    return set(
        re.findall(r"\(multiconnect\.E\d+\) ([A-Z_]+) is", bare("manage.py", "check").stderr)
    )


def app_json() -> dict[str, Any]:
    """Read app.json."""
    manifest: dict[str, Any] = json.loads(text("app.json"))
    return manifest


def processes() -> dict[str, str]:
    """Read the Procfile."""
    return dict(line.split(": ", 1) for line in text("Procfile").splitlines())


def targets() -> list[str]:
    """Return the Makefile's targets."""
    return re.findall(r"^([a-z]+):", text("Makefile"), re.MULTILINE)


def test_what_the_deploy_button_asks_for_is_read() -> None:
    assert set(app_json()["env"]) <= settings_read()


def test_the_deploy_button_asks_for_all_that_is_required() -> None:
    assert settings_required() <= set(app_json()["env"]) | SET_BY_ADD_ONS


@pytest.mark.parametrize(("name", "entry"), app_json()["env"].items())
def test_the_deploy_button_explains_what_it_asks_for(name: str, entry: dict[str, Any]) -> None:
    assert set(entry) <= {"description", "value", "required", "generator"}
    assert entry["description"]
    assert entry.get("generator", "secret") == "secret"
    assert not ("value" in entry and "generator" in entry)


def test_the_deploy_buttons_file_has_the_shape_that_heroku_takes() -> None:
    manifest = app_json()
    assert set(manifest) <= {
        *("name", "description", "keywords", "website", "repository", "logo", "success_url"),
        *("scripts", "env", "formation", "addons", "buildpacks", "environments", "stack", "image"),
    }
    assert re.fullmatch(r"[a-zA-Z-_.]+", manifest["name"])
    plans = [addon["plan"] for addon in manifest["addons"]]
    assert all(re.fullmatch(r"[a-z-]+:[a-z0-9-]+", plan) for plan in plans)


def test_the_procfile_starts_what_the_deploy_button_pays_for() -> None:
    assert set(app_json()["formation"]) == set(processes()) - {"release"}


def test_the_procfile_runs_commands_that_exist() -> None:
    commands = re.findall(r"python manage\.py (\w+)", text("Procfile"))
    assert commands == ["migrate", "setup_portal", "worker"]
    assert set(commands) <= set(get_commands())


def test_every_make_target_has_its_line_of_help() -> None:
    helped = re.findall(r"^([a-z]+):.*## \S", text("Makefile"), re.MULTILINE)
    assert targets() == helped


def test_the_stack_is_the_recommended_one_everywhere() -> None:
    assert app_json()["stack"] == "heroku-26"
    assert "heroku create your-app --stack heroku-26" in text("docs/getting-started.md")


def test_the_portal_fits_into_the_connections_of_the_plan_of_the_deploy_button() -> None:
    threads = re.search(r"^threads = (\d+)$", text("gunicorn.conf.py"), re.MULTILINE)
    assert threads
    assert int(threads[1]) == connection_limits.THREADS
    assert app_json()["addons"][0]["plan"] == "heroku-postgresql:essential-0"
    usual = [NUMBERS[name][1] for name in ("WORKERS", "WORKER_THREADS")]
    peak = connection_limits.peak(connection_limits.WEB_PROCESSES, *usual)
    assert peak == 18  # of 20


@pytest.mark.django_db
def test_a_database_with_too_few_connections_is_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    assert connection_limits.database_allows_enough(databases=["default"]) == []
    monkeypatch.setenv("WEB_CONCURRENCY", "100")
    [warning] = connection_limits.database_allows_enough(databases=["default"])
    assert warning.id == "multiconnect.W075"
    assert "need up to 508" in str(warning.msg)
    assert connection_limits.database_allows_enough(databases=None) == []
