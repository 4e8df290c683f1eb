"""`generate_secret` prints a key that the encrypted fields take, and how to set it."""

import base64
import re
import subprocess
import sys
from io import StringIO

from django.core.management import call_command
from pytest_django import Settings

from portal.project.setting_rules import MIN_LENGTHS
from tests.documents import ROOT

PAGE = ROOT / "docs/getting-started.md"


def printed() -> list[str]:
    """Run the command and return its lines."""
    out = StringIO()
    call_command("generate_secret", stdout=out)
    return out.getvalue().splitlines()


def test_the_key_has_32_random_bytes() -> None:
    first, second = printed()[0], printed()[0]
    assert first != second
    assert len(base64.urlsafe_b64decode(first)) == 32


def test_the_commands_name_the_key_and_the_app(settings: Settings) -> None:
    settings.APP_NAME = "isv-portal"
    key, *rest = printed()
    text = "\n".join(rest)
    assert f"heroku config:set SECRET={key} --app isv-portal" in text
    assert f"SECRET={key},$(heroku config:get SECRET --app isv-portal) --app isv-portal" in text


def test_the_keys_of_the_page_are_taken_by_the_portal() -> None:
    page = PAGE.read_text()
    made = dict(re.findall(r"(\w+)=\$\((openssl [^)]+)\)", page))
    assert set(made) == {"SECRET_KEY", "REGISTRATION_SECRETS"}
    for name, command in made.items():
        first, second = (said(command) for _ in range(2))
        assert first != second
        assert len(first) >= MIN_LENGTHS[name]
    [command] = re.findall(r"(?m)^ *(\.venv/bin/python manage\.py generate_secret)", page)
    key, *_ = said(command).splitlines()
    assert len(base64.urlsafe_b64decode(key)) == 32


def said(command: str) -> str:
    """Run a command of the page with the Python of the test run; return what it prints."""
    there = command.replace(".venv/bin/python", f"{sys.executable} -W ignore::RuntimeWarning")
    done = subprocess.run(
        ["bash", "-c", there], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()
