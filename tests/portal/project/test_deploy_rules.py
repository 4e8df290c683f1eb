"""`check --deploy` warns of settings that leave a door open."""

import os
import subprocess
import sys
from typing import Any

import pytest
from django.conf import settings as django_settings
from pytest_django import Settings

from portal.doctor.findings import problem
from portal.project.checks import DEPLOYMENT, deployment_is_safe, settings_are_right
from portal.project.data_settings import _redis
from tests.portal.project.test_checks import SEVERAL

STRONG = "0f8a3b2c9d7e6f5a4b3c2d1e0f9a8b7c"
WRONG: list[tuple[str, str, Any, str]] = [
    ("W070", "REGISTRATION_POLICY", "open", "REGISTRATION_POLICY=signed"),
    ("W071", "FERNET_KEYS", ["a" * 40], "SECRET holds a weak key"),
    ("W071", "FERNET_KEYS", [STRONG, "changeme-0123456789abcdefghijklmno"], "SECRET holds a weak"),
    ("W071", "SECRET_KEY", "django-insecure-0123456789abcdefghijklmnopqrstuvwxyz", "SECRET_KEY"),
    ("W071", "METRICS_TOKEN", "12121212121212121212", "METRICS_TOKEN"),
    ("W071", "REGISTRATION_SECRETS", [STRONG, STRONG], "used twice"),
    ("W072", "ALLOWED_HOSTS", ["*"], "ALLOWED_HOSTS=testserver"),
    ("W072", "ALLOWED_HOSTS", ["testserver", ".herokuapp.com"], "'.herokuapp.com'"),
    ("W072", "ALLOWED_HOSTS", [".com"], "'.com'"),
    ("W073", "SALESFORCE_HOSTS", [".salesforce.com", ".example.com"], "'.example.com'"),
    ("W073", "SALESFORCE_HOSTS", [".com"], "'.com'"),
    ("W073", "HEROKU_CONNECT_HOSTS", [".herokuapp.com"], "'.herokuapp.com'"),
    ("W074", "REDIS_URL", "redis://redis.example:6379", "rediss://"),
    ("W076", "HEROKU_CONNECT_APP", "multiconnect-portal", "each new add-on restarts it"),
]
# What is stored needs the old key of SECRET, and packages sign with the old one of REGISTRATION_…
WITHOUT_LOSS: list[tuple[str, Any, str]] = [
    ("FERNET_KEYS", ["a" * 40], "python manage.py generate_secret"),
    (
        "REGISTRATION_SECRETS",
        ["a" * 40],
        "heroku config:set REGISTRATION_SECRETS="
        "$(openssl rand -hex 32),$(heroku config:get REGISTRATION_SECRETS)",
    ),
    (
        "ANYMAIL",
        {"WEBHOOK_SECRET": "isv:password"},
        "heroku config:set WEBHOOK_SECRET=multiconnect:$(openssl rand -hex 32)",
    ),
]
RIGHT: list[tuple[str, Any]] = [
    ("ALLOWED_HOSTS", ["portal.isv.example", ".isv.example"]),
    ("SALESFORCE_HOSTS", [".salesforce.com", ".my.salesforce.com", ".force.com"]),
    ("REDIS_URL", "rediss://:x@redis.example:6379"),
    ("REDIS_URL", "redis://127.0.0.1:6379"),
    ("REGISTRATION_POLICY", "approval"),
]


def found() -> dict[str, str]:
    """Return the messages of all findings by id."""
    return {str(each.id): str(each.msg) for each in deployment_is_safe()}


@pytest.mark.parametrize(("number", "name", "value", "words"), WRONG)
def test_a_door_that_is_open_is_warned_of(
    number: str, name: str, value: Any, words: str, settings: Settings
) -> None:
    setattr(settings, name, value)
    message = found()[f"multiconnect.{number}"]
    assert words in message
    assert "\n" not in message
    assert not SEVERAL.search(problem(message).command)
    assert f"multiconnect.{number}" not in {str(each.id) for each in settings_are_right()}


@pytest.mark.parametrize(("name", "value", "command"), WITHOUT_LOSS)
def test_the_command_for_a_weak_key_loses_nothing_that_the_key_is_needed_for(
    name: str, value: Any, command: str, settings: Settings
) -> None:
    setattr(settings, name, value)
    assert problem(found()["multiconnect.W071"]).command == command


def test_every_rule_has_a_case_here() -> None:
    assert {number for number, *_ in WRONG} == DEPLOYMENT


@pytest.mark.parametrize(("name", "value"), RIGHT)
def test_a_right_value_is_not_complained_of(name: str, value: Any, settings: Settings) -> None:
    setattr(settings, name, value)
    assert found() == {}


def test_a_key_itself_is_not_printed(settings: Settings) -> None:
    settings.FERNET_KEYS = ["b" * 40]
    assert "bbbb" not in found()["multiconnect.W071"]


def test_the_environment_for_checks_has_no_finding() -> None:
    env = {"PATH": os.environ["PATH"], "PYTHONWARNINGS": "ignore"}
    script = 'set -a; . scripts/production.env; exec "$0" manage.py check --deploy'
    done = subprocess.run(
        ["sh", "-c", script, sys.executable],
        cwd=django_settings.BASE_DIR,
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "no issues" in done.stdout, done.stderr


def test_only_herokus_own_redis_is_used_without_checking_its_certificate() -> None:
    heroku = "rediss://:x@ec2-1-2-3-4.compute-1.amazonaws.com:6379"
    assert _redis(heroku) == f"{heroku}?ssl_cert_reqs=none"
    for checked in ("rediss://:x@redis.example:6379", f"{heroku}?ssl_ca_certs=/app/redis.pem"):
        assert _redis(checked) == checked
