"""Every check finds its fault, names the setting, and is silent about a right value."""

import os
import re
import subprocess
import sys
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core import checks
from pytest_django import Settings

from portal.doctor.findings import problem
from portal.project.checks import RULES, settings_are_right

LONG = "x" * 50
# A use case tests its own.
OWN = tuple(f"portal.project.{name}_rules" for name in ("setting", "door", "integration", "mail"))
# A command is shown alone, to be copied: it is one, and no words stand in it.
SEVERAL = re.compile(r", | (?:and|or|then) ")
# id, setting, wrong value, what the message must say
WRONG: list[tuple[str, str, Any, str]] = [
    ("E001", "SECRET_KEY", "", "SECRET_KEY is missing"),
    ("E001", "SECRET_KEY", "short", "SECRET_KEY is too short"),
    ("E002", "FERNET_KEYS", [], "SECRET is missing"),
    ("E002", "FERNET_KEYS", [LONG, "short"], "generate_secret"),
    ("E004", "PORTAL_URL", "portal.example", "PORTAL_URL is not"),
    ("E004", "PORTAL_URL", "https://portal.example/path", "without a path"),
    ("E004", "PORTAL_URL", "https://portal.example:port", "PORTAL_URL is not"),
    ("E004", "HOME_URL", "isv.example", "HOME_URL is not"),
    ("W004", "PORTAL_URL", "http://portal.example", "PORTAL_URL=https://portal.example"),
    ("E023", "NOT_ZONES", ["STAFF_TIME_ZONE"], "STAFF_TIME_ZONE is not the name of a time zone"),
    ("E005", "APP_NAME", "", "APP_NAME is missing"),
    ("E005", "APP_NAME", "My App", "not the name of a Heroku app"),
    ("E005", "HEROKU_CONNECT_APP", "My App", "HEROKU_CONNECT_APP is not the name of a Heroku app"),
    (
        "E024",
        "TENANTS_DATABASES",
        {"no_database": "mysql://x"},
        "NO_DATABASE_URL is not a postgres",
    ),
    ("E006", "HEROKU_API_TOKEN", "", "heroku authorizations:create"),
    ("E006", "HEROKU_API_TOKEN", "HRKU-token\n", "holds a blank"),
    ("E007", "DEV_EMAIL", "", "DEV_EMAIL is missing"),
    ("E007", "DEV_EMAIL", "ops", "DEV_EMAIL is not an e-mail address"),
    ("E008", "SALESFORCE_KEY", "", "consumer key"),
    ("E008", "SALESFORCE_SECRET", "", "consumer secret"),
    ("E009", "REGISTRATION_POLICY", "anyone", "signed, approval, open"),
    ("E010", "REGISTRATION_SECRETS", [], "REGISTRATION_SECRETS is missing"),
    ("E010", "REGISTRATION_SECRETS", [LONG, "short"], "REGISTRATION_SECRETS is too short"),
    ("E011", "HEROKU_API_URL", "api.heroku.com", "config:unset HEROKU_API_URL"),
    ("E011", "HEROKU_CONNECT_URL", "http://hc-central.heroku.com", "unencrypted"),
    ("E011", "SALESFORCE_LOGIN_URL", "", "config:unset SALESFORCE_LOGIN_URL"),
    ("E011", "SALESFORCE_TEST_URL", "https://[x", "config:unset SALESFORCE_TEST_URL"),
    ("E011", "SALESFORCE_MY_DOMAIN_URL", "https://my.salesforce.com", "no {domain}"),
    ("E011", "HEROKU_PAGES_URL", "https://dashboard.heroku.com", "no {site}"),
    ("E025", "NOT_FLAGS", ["READ_API"], "READ_API is neither true nor false"),
    ("E012", "NOT_NUMBERS", ["WORKERS"], "WORKERS is not a whole number"),
    ("E012", "WORKERS", 0, "at least 1"),
    ("E012", "REGISTRATIONS_PER_HOUR", 0, "REGISTRATIONS_PER_HOUR=200"),
    ("E012", "TRUSTED_PROXIES", -1, "at least 0"),
    ("E013", "Q_CLUSTER", {"retry": 60, "timeout": 60}, "runs twice"),
    ("E014", "FORCE_NAMESPACE", "acme__x", "FORCE_NAMESPACE is not"),
    ("E014", "FORCE_NAMESPACE", "a" * 16, "up to 15 letters"),
    ("E014", "FORCE_NAMESPACE", "acme_", "FORCE_NAMESPACE is not"),
    ("E015", "HEROKU_CONNECT_PLAN", "demo", "herokuconnect:demo"),
    ("E016", "HEROKU_CONNECT_DB_KEY", "postgres://x", "HEROKU_CONNECT_DB_KEY=DATABASE_URL"),
    ("E017", "ALLOWED_HOSTS", ["elsewhere.example"], "ALLOWED_HOSTS=elsewhere.example,testserver"),
    ("E018", "EMAIL_BACKEND", "no.such.Backend", "EMAIL_BACKEND cannot be used"),
    ("E018", "EMAIL_BACKEND", "anymail.backends.mailgun.EmailBackend", "MAILGUN_API_KEY"),
    ("E019", "SALESFORCE_HOSTS", ["salesforce.com"], "begin every entry with a dot"),
    ("E019", "HEROKU_CONNECT_HOSTS", ["."], "begin every entry with a dot"),
    ("E020", "LOG_LEVEL", "LOUD", "LOG_LEVEL=INFO"),
    ("E021", "REDIS_URL", "http://127.0.0.1", "REDIS_URL is not"),
    ("E022", "STAFF_EMAILS", ["ops@isv.example", "boss"], "STAFF_EMAILS holds 'boss'"),
    ("E051", "INCIDENT_WEBHOOK_URL", "http://hooks.slack.com/x", "https address"),
    ("E051", "INCIDENT_WEBHOOK_URL", "slack", "https address"),
    ("E052", "METRICS_TOKEN", "short", "openssl rand"),
    ("E056", "OIDC_ISSUER", "https://id.isv.example", "belong together"),
    ("E012", "AUDIT_DAYS", 30, "at least 400"),
    ("E053", "MISSING_USE_CASES", ["weather"], "not an app"),
    ("E057", "WEBHOOK_PRIVATE_HOSTS", ["10.0.0.5"], "as 10.0.0.5:8443"),
    ("E057", "WEBHOOK_PRIVATE_HOSTS", ["http://10.0.0.5:80/"], "as 10.0.0.5:8443"),
    ("E058", "OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318", "address of a collector"),
]
RIGHT: list[tuple[str, Any]] = [
    ("FERNET_KEYS", [LONG, LONG]),
    ("PORTAL_URL", "http://127.0.0.1:5000"),
    ("FORCE_NAMESPACE", "hc_mc2"),
    ("REGISTRATION_POLICY", "approval"),
    ("REGISTRATION_SECRETS", [LONG, LONG]),
    ("HEROKU_API_URL", "http://127.0.0.1:5050/heroku"),
    ("SALESFORCE_MY_DOMAIN_URL", "http://127.0.0.1:5050/salesforce/{domain}"),
    ("ALLOWED_HOSTS", ["*"]),
    ("REDIS_URL", "rediss://:secret@redis.example:6379"),
    ("HEROKU_CONNECT_PLAN", "herokuconnect:enterprise"),
    ("INCIDENT_WEBHOOK_URL", "https://hooks.slack.com/services/T/B/x"),
    ("METRICS_TOKEN", LONG),
    ("WEBHOOK_PRIVATE_HOSTS", ["10.0.0.5:8443", "hooks.internal:80"]),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318"),
]


def found() -> dict[str, str]:
    """Return the messages of all findings by id."""
    return {str(each.id): str(each.msg) for each in settings_are_right()}


@pytest.mark.parametrize(("number", "name", "value", "words"), WRONG)
def test_a_wrong_setting_is_found(
    number: str, name: str, value: Any, words: str, settings: Settings
) -> None:
    setattr(settings, name, value)
    message = found()[f"multiconnect.{number}"]
    assert words in message
    assert "\n" not in message
    assert not SEVERAL.search(problem(message).command)


def test_every_rule_has_a_case_here() -> None:
    own = {number for number, rule in RULES.items() if rule.__module__ in OWN}
    assert {number for number, *_ in WRONG} | {"E003", "W018", "W054", "W055"} == own


def test_a_database_other_than_postgres_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(django_settings.DATABASES["default"], "ENGINE", "django.db.backends.dummy")
    assert "heroku-postgresql:essential-0" in found()["multiconnect.E003"]


def test_the_test_run_itself_is_set_up_right() -> None:
    assert found() == {}


@pytest.mark.parametrize(("name", "value"), RIGHT)
def test_a_right_value_is_not_complained_of(name: str, value: Any, settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    setattr(settings, name, value)
    assert found() == {}


def test_without_signatures_no_registration_secret_is_needed(settings: Settings) -> None:
    settings.REGISTRATION_POLICY = "open"
    settings.REGISTRATION_SECRETS = []
    assert found() == {}


def test_who_requires_signatures_needs_a_registration_secret(settings: Settings) -> None:
    settings.REGISTRATION_POLICY = "open"
    settings.REGISTRATION_SIGNATURE_REQUIRED = True
    settings.REGISTRATION_SECRETS = []
    assert list(found()) == ["multiconnect.E010"]


@pytest.mark.parametrize(
    ("number", "name"), [("W054", "SECOND_FACTOR_REQUIRED"), ("W055", "TWO_PERSON_APPROVAL")]
)
def test_a_door_that_is_less_strict_is_warned_of_in_production_alone(
    settings: Settings, number: str, name: str
) -> None:
    assert getattr(settings, name) is False
    assert found() == {}
    settings.OVER_HTTPS = True
    assert name in found()[f"multiconnect.{number}"]


def test_printed_mails_are_warned_of_in_production_alone(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    assert found() == {}
    settings.OVER_HTTPS = settings.SECOND_FACTOR_REQUIRED = settings.TWO_PERSON_APPROVAL = True
    assert list(found()) == ["multiconnect.W018"]


def test_errors_stop_the_start_and_warnings_do_not(settings: Settings) -> None:
    settings.PORTAL_URL = "http://portal.example"
    settings.ALLOWED_HOSTS = ["portal.example"]
    settings.APP_NAME = ""
    levels = {str(each.id): each.level for each in settings_are_right()}
    assert levels == {"multiconnect.W004": checks.WARNING, "multiconnect.E005": checks.ERROR}


# --- in a process of its own, with nothing set ---------------------------------------------------


def bare(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the project with no setting but those given."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, *command],
        cwd=django_settings.BASE_DIR,
        env={**kept, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_gunicorns_application_stops_with_one_line_for_each_missing_setting() -> None:
    done = bare("-c", "import portal.wsgi")
    assert done.returncode == 4
    lines = done.stderr.splitlines()
    assert len(lines) == 9
    assert all(line.startswith("multiconnect.E") for line in lines)


def test_a_command_stops_without_a_traceback() -> None:
    done = bare("manage.py", "worker")
    assert done.returncode == 1
    assert "(multiconnect.E003) DATABASE_URL is missing" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "command", [("help",), ("generate_secret",), ("collectstatic", "--dry-run", "--no-input")]
)
def test_what_comes_before_the_settings_works_without_them(command: tuple[str, ...]) -> None:
    assert bare("manage.py", *command).returncode == 0


def test_the_doctor_says_what_to_set_where_nothing_is_set() -> None:
    done = bare("manage.py", "doctor", "database", "worker", "keys")
    assert "Traceback" not in done.stderr
    assert "DATABASE_URL is missing.\n        run:   heroku addons:create" in done.stdout
    assert "skipped Queue and worker: It needs the database" in done.stdout
    assert "SECRET_KEY is missing.\n        run:   heroku config:set SECRET_KEY" in done.stdout
    assert "2 of 3 checks failed." in done.stderr


def test_the_doctor_says_where_to_look_at_a_database_that_is_away() -> None:
    away = "postgres://nobody@127.0.0.1:1/none"
    here = {"DATABASE_URL": away, "TENANTS_EU_URL": away}
    done = bare("manage.py", "doctor", "database", "tenants_databases", **here)
    assert done.stdout.count("Connection refused.\n        run:   heroku pg:info\n") == 2


def test_unreadable_values_are_reported_and_do_not_break_the_settings_file() -> None:
    done = bare(
        "manage.py",
        "check",
        DATABASE_URL="postgres://a:b@host:port/name",
        PORTAL_URL="https://[portal",
        WORKERS="two",
        SECOND_FACTOR_REQUIRED="ture",
        LOG_LEVEL="loud",
        SALESFORCE_TEST_URL="",
    )
    assert "Traceback" not in done.stderr
    for number in ("E003", "E004", "E011", "E012", "E020", "E025"):
        assert f"(multiconnect.{number})" in done.stderr
