"""The container image holds what the portal needs, and runs what the Procfile runs."""

import re
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from portal.project import alive
from tests.documents import ROOT
from tests.portal.test_deployment import processes, text
from tests.portal.test_use_cases import WITHOUT_DATABASE


def ignored(name: str) -> bool:
    """Whether .dockerignore leaves a file or folder beside it out of the image."""
    return any(fnmatch(name, each) for each in text(".dockerignore").splitlines())


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """The files of the image."""
    for each in ROOT.iterdir():
        if ignored(each.name):
            continue
        if each.is_dir():
            hidden = shutil.ignore_patterns("__pycache__")
            shutil.copytree(each, tmp_path / each.name, ignore=hidden)
        else:
            shutil.copy(each, tmp_path / each.name)
    return tmp_path


def test_the_files_of_the_image_are_enough_to_collect_static_files_and_to_start(
    image: Path,
) -> None:
    assert "tests" not in {each.name for each in image.iterdir()}
    starts = (
        ("manage.py", "collectstatic", "--no-input"),
        ("-c", "import portal.wsgi, portal.urls, portal.project.worker"),
    )
    for command in starts:
        python = ("env", *WITHOUT_DATABASE, sys.executable, "-W", "ignore::RuntimeWarning")
        done = subprocess.run((*python, *command), cwd=image, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-2000:]


def test_the_image_has_the_python_that_heroku_has() -> None:
    (version,) = set(re.findall(r"(?m)^FROM python:(\d+\.\d+)-slim-\w+", text("Dockerfile")))
    assert version == text(".python-version").strip()


def test_the_portal_is_not_root_and_cannot_change_its_code() -> None:
    *_, user = re.findall(r"(?m)^USER (\S+)", text("Dockerfile"))
    assert user == "10001"
    assert "chown" not in text("Dockerfile")


def test_containers_run_what_the_procfile_runs() -> None:
    compose, dockerfile = text("compose.yaml"), text("Dockerfile")
    assert processes()["release"] in compose
    assert '["python", "manage.py", "worker"]' in compose
    assert '["gunicorn", "portal.wsgi"]' in dockerfile
    assert processes()["web"] == "gunicorn portal.wsgi"


def test_the_page_for_other_hosts_starts_what_the_procfile_starts() -> None:
    page = text("docs/deploying.md")
    commands = [each for command in processes().values() for each in command.split(" && ")]
    assert [each for each in commands if f".venv/bin/{each}" not in page] == []
    named = set(re.findall(r"docker compose (?:run --rm|exec -T) (\w+)", page))
    services = set(re.findall(r"(?m)^  (\w+):$", text("compose.yaml").partition("services:")[2]))
    assert named == {"web", "release", "database"} <= services


def test_the_image_is_built_once_for_all_processes() -> None:
    _, *services = re.split(r"(?m)^  (?=\w+:$)", text("compose.yaml").partition("services:")[2])
    own = {each.partition(":")[0]: each for each in services if "<<: *portal" in each}
    assert {name for name, each in own.items() if "    build:" in each} == {"release"}
    assert {name for name, each in own.items() if "pull_policy: never" in each} == {"web", "worker"}


class OnlyThePortal(BaseHTTPRequestHandler):
    """Answers as Django does: only under the portal's own name."""

    def do_GET(self) -> None:
        is_right = (self.headers["Host"], self.path) == ("portal.isv.example", "/healthz")
        self.send_response(200 if is_right else 400)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Print nothing."""


def test_the_health_check_asks_under_the_name_of_the_portal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = HTTPServer(("127.0.0.1", 0), OnlyThePortal)
    Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("PORT", str(server.server_port))
    monkeypatch.setenv("PORTAL_URL", "https://portal.isv.example")
    assert alive.main() == 0
    monkeypatch.setenv("PORTAL_URL", "https://other.example")
    assert alive.main() == 1
    server.shutdown()
    server.server_close()
    assert alive.main() == 1
