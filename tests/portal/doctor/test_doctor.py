"""The doctor finds each planted mistake, and says the right sentence about it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import quote, urlsplit

import pytest
import time_machine
from django.conf import settings as portal_settings
from django.contrib.auth.models import Group
from django.core import mail
from django.db import connection, transaction
from django.utils import timezone
from django_q.models import OrmQ, Schedule
from pytest_django.fixtures import Settings

import emulator as emulated
from connect.models import HostApp, MappingTemplate, Stage
from portal import doctor
from portal.doctor.findings import Finding, Problem, Verdict, problem
from portal.doctor.mail import send_to
from portal.models import Heartbeat
from portal.project import probes
from tenants.models import Message, MessageStatus
from tests import cast
from tests.connect.clients.rawpeer import says, serving
from tests.portal.doctor.conftest import HOST
from tests.tenants import keys

pytestmark = pytest.mark.django_db
Plant = Callable[[emulated.Running, Settings], object]
DEPLOYED = "https://portal.isv.example"
ROLE = "may_do_nothing"


def look(name: str) -> Finding:
    return doctor.run(doctor.CHECKS[name])


# --- what is planted -----------------------------------------------------------------------------


def weak_role(well: emulated.Running, settings: Settings) -> None:
    """Go on as a role that may only read; the end of the test takes it back."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {ROLE}")
        cursor.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {ROLE}")
        cursor.execute("REVOKE CREATE ON SCHEMA public FROM public")
        cursor.execute(f"SET LOCAL ROLE {ROLE}")


def read_only(well: emulated.Running, settings: Settings) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL transaction_read_only = on")


def few_connections(well: emulated.Running, settings: Settings) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {ROLE} SUPERUSER CONNECTION LIMIT 5")
        cursor.execute(f"SET LOCAL ROLE {ROLE}")


def late_queue(well: emulated.Running, settings: Settings) -> None:
    OrmQ.objects.create(key="x", payload="", lock=timezone.now() - timedelta(minutes=9))


def old_key_left(well: emulated.Running, settings: Settings) -> None:
    keys.use(settings, keys.NEW_KEY, *portal_settings.FERNET_KEYS)


def stored_under_old_key(well: emulated.Running, settings: Settings) -> None:
    HostApp.objects.update(account="eu")
    host = HostApp.objects.get()
    host.token = "HRKU-stored"
    host.save()
    old_key_left(well, settings)


def lost_key(well: emulated.Running, settings: Settings) -> None:
    stored_under_old_key(well, settings)
    keys.use(settings, keys.NEW_KEY)


def setting(name: str, value: object, *, deployed: bool = False) -> Plant:
    def plant(well: emulated.Running, settings: Settings) -> None:
        if deployed:
            settings.PORTAL_URL = DEPLOYED
            settings.ALLOWED_HOSTS = ["portal.isv.example"]
        setattr(settings, name, value)

    return plant


def host_app(**fields: object) -> Plant:
    return lambda well, settings: HostApp.objects.update(**fields)


def with_dynos(well: emulated.Running, settings: Settings) -> None:
    """Take the app that runs the portal for the host app."""
    HostApp.objects.update(name=portal_settings.APP_NAME)


def failing(system: str, **fault: object) -> Plant:
    return lambda well, settings: well.fail(system, **fault)


def behaving(**switches: object) -> Plant:
    return lambda well, settings: well.behave(**switches)


def mail_failed(well: emulated.Running, settings: Settings) -> None:
    Message.objects.update(status=MessageStatus.FAILED, error="Domain not found: mg.isv.example")


def away_server(well: emulated.Running, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1


def gone_alias(well: emulated.Running, settings: Settings) -> None:
    HostApp.objects.update(database="tenants_eu")


# check, what is planted, the words, the command or the place
PLANTED: dict[str, tuple[str, Plant, str, str]] = {
    "the role may make no tables": (
        "database",
        weak_role,
        "may not make tables",
        "GRANT CREATE ON SCHEMA public",
    ),
    "the database is read-only": (
        "database",
        read_only,
        "The database is read-only",
        "heroku pg:info",
    ),
    "too few connections": ("database", few_connections, "The database allows 5 connections", ""),
    "the tenants' database has no address": (
        "tenants_databases",
        gone_alias,
        "TENANTS_EU_URL is not set",
        "heroku addons:attach <the database> --as TENANTS_EU",
    ),
    "no worker": (
        "worker",
        lambda well, settings: Heartbeat.objects.all().delete(),
        "No worker has ever run",
        "heroku ps:scale worker=1",
    ),
    "a worker that has ended": (
        "worker",
        lambda well, settings: Heartbeat.objects.update(
            beat_at=timezone.now() - timedelta(minutes=2)
        ),
        "The last worker heartbeat is 120 s old.",
        "heroku ps:scale worker=1",
    ),
    "a queue that stands still": (
        "worker",
        late_queue,
        "The oldest queued task has waited",
        "heroku ps:restart worker",
    ),
    "a schedule is missing": (
        "schedule",
        lambda well, settings: Schedule.objects.first().delete(),
        "The database lacks 1 schedule",
        "python manage.py setup_portal",
    ),
    "a schedule does not run": (
        "schedule",
        lambda well, settings: Schedule.objects.update(
            next_run=timezone.now() - timedelta(hours=2)
        ),
        "has not run",
        "heroku ps:restart worker",
    ),
    "a role is missing": (
        "set_up",
        lambda well, settings: Group.objects.filter(name="Viewer").delete(),
        "The role Viewer is missing",
        "python manage.py setup_portal",
    ),
    "no mapping version": (
        "set_up",
        lambda well, settings: MappingTemplate.objects.filter(defaults=None).delete(),
        "There is no mapping version",
        "python manage.py setup_portal",
    ),
    "no token": (
        "heroku_token",
        setting("HEROKU_API_TOKEN", ""),
        "HEROKU_API_TOKEN is missing",
        "heroku config:set HEROKU_API_TOKEN=$(heroku authorizations:create",
    ),
    "a revoked token": (
        "heroku_token",
        behaving(revoked_tokens=["HRKU-test-token"]),
        "Heroku answered 401",
        "heroku config:set HEROKU_API_TOKEN=$(heroku authorizations:create",
    ),
    "a token that may only read": (
        "heroku_token",
        behaving(token_scopes=["read"]),
        "The token's scope is read: it cannot make add-ons.",
        "heroku authorizations:create -s global",
    ),
    "a suspended account": (
        "heroku_token",
        failing(
            "heroku",
            path="/account$",
            status=200,
            body={"email": "ops@isv.example", "suspended_at": "2026-01-01T00:00:00Z"},
        ),
        "The account ops@isv.example is suspended",
        "Heroku: Account, Billing",
    ),
    "a host app that does not exist": (
        "host_apps",
        host_app(name="not-there"),
        "has no app not-there",
        "Host apps, not-there",
    ),
    "a host app with dynos": ("host_apps", with_dynos, "runs dynos", "Host apps, multiconnect"),
    "a host app without the database": (
        "host_apps",
        host_app(config_var="TENANTS_URL"),
        "It has no TENANTS_URL",
        f"heroku addons:attach <the database> --app {HOST} --as TENANTS",
    ),
    "no room": ("host_apps", host_app(max_addons=0), "has no room", "Host apps, Add"),
    "Heroku Connect is away": (
        "heroku_connect",
        failing("central", status=503),
        "Heroku Connect answered 503",
        "Heroku's status",
    ),
    "an ISV slug without a team": (
        "isv",
        setting("HEROKU_CONNECT_ISV_SLUG", "isv"),
        "isv-connect belongs to no Heroku Team",
        "heroku apps:transfer <team> --app isv-connect",
    ),
    "a login host that is not there": (
        "salesforce",
        setting("SALESFORCE_TEST_URL", "http://127.0.0.1:1"),
        "SALESFORCE_TEST_URL does not answer as it should. Salesforce: no connection",
        "heroku config:unset SALESFORCE_TEST_URL",
    ),
    "a wrong consumer key": (
        "salesforce",
        setting("SALESFORCE_KEY", "wrong"),
        "Salesforce does not know SALESFORCE_KEY",
        "heroku config:set SALESFORCE_KEY=",
    ),
    "a wrong consumer secret": (
        "salesforce",
        setting("SALESFORCE_SECRET", "wrong"),
        "or SALESFORCE_SECRET is not its secret",
        "heroku config:set SALESFORCE_KEY=",
    ),
    "a callback that is not listed": (
        "salesforce",
        behaving(callbacks=["https://old.isv.example/auth/salesforce/callback"]),
        "does not list the callback URL",
        "Callback URL",
    ),
    "a scope that the app lacks": (
        "salesforce",
        setting("SOCIAL_AUTH_SALESFORCE_SCOPE", ["api", "unknown"]),
        "lacks one of the scopes api, unknown",
        "Selected OAuth Scopes",
    ),
    "mails that do not leave": (
        "mail",
        mail_failed,
        "The last e-mail was not sent. Domain not found",
        "Messages",
    ),
    "a mail server that is away": (
        "mail",
        away_server,
        "The mail server 127.0.0.1 does not answer: ConnectionRefusedError",
        "heroku config:set EMAIL_BACKEND=anymail.backends.mailgun.EmailBackend",
    ),
    "a mail service without its key": (
        "mail",
        setting("EMAIL_BACKEND", "anymail.backends.mailgun.EmailBackend"),
        "EMAIL_BACKEND cannot be used",
        "",
    ),
    "a key that is lost": (
        "keys",
        lost_key,
        "No key of SECRET decrypts",
        "python manage.py rotate_secret",
    ),
    "values under an older key": (
        "keys",
        stored_under_old_key,
        "An older key of SECRET is still needed for 1 value",
        "python manage.py rotate_secret",
    ),
    "an old key that is left": (
        "keys",
        old_key_left,
        "holds an old key",
        "SECRET=<the first",
    ),
    "a weak key": (
        "keys",
        setting("REGISTRATION_SECRETS", ["changeme-changeme-changeme"], deployed=True),
        "REGISTRATION_SECRETS holds a weak key",
        "heroku config:set REGISTRATION_SECRETS=$(openssl rand -hex 32)",
    ),
    "an address that leads nowhere": (
        "address",
        setting("PORTAL_URL", "http://127.0.0.1:9"),
        "http://127.0.0.1:9/healthz does not lead here",
        "heroku config:set PORTAL_URL=",
    ),
    "an address that leads to another program": (
        "address",
        lambda well, settings: setattr(settings, "PORTAL_URL", well.url),
        "does not lead here",
        "heroku config:set PORTAL_URL=",
    ),
    "a proxy that is not believed": (
        "address",
        setting("SECURE_SSL_REDIRECT", True),  # PORTAL_URL is https, and no call is seen as such
        "With TRUSTED_PROXIES=0 no call by https is seen as one",
        "heroku config:set TRUSTED_PROXIES=1",
    ),
    "maintenance that was never ended": (
        "address",
        setting("MAINTENANCE", "Back at noon."),
        "MAINTENANCE is set",
        "heroku config:unset MAINTENANCE",
    ),
    "a host that is not allowed": (
        "transport",
        setting("ALLOWED_HOSTS", ["elsewhere.example"], deployed=True),
        "ALLOWED_HOSTS lacks the host of PORTAL_URL",
        "heroku config:set ALLOWED_HOSTS=elsewhere.example,portal.isv.example",
    ),
    "no HSTS": (
        "transport",
        setting("SECURE_HSTS_SECONDS", 0, deployed=True),
        "SECURE_HSTS_SECONDS",
        "",
    ),
    "an unknown policy": (
        "settings",
        setting("REGISTRATION_POLICY", "anyone"),
        "REGISTRATION_POLICY is 'anyone'",
        "heroku config:set REGISTRATION_POLICY=signed",
    ),
    "a revoked token of X": (
        "x",
        failing("x", status=401, body={"title": "Unauthorized", "detail": "Unauthorized"}),
        "X answered 401",
        "heroku config:set X_BEARER_TOKEN=",
    ),
}


def test_a_good_installation_passes_every_check(well: emulated.Running) -> None:
    found = {name: look(name) for name in doctor.CHECKS}
    assert [each for each in found.values() if each.verdict == Verdict.FAILED] == []
    skipped = {name for name, each in found.items() if each.verdict == Verdict.SKIPPED}
    assert skipped == {"tenants_databases", "isv", "transport"}
    assert [name for name, each in found.items() if not each.text] == []


@pytest.mark.parametrize("named", PLANTED)
def test_a_planted_mistake_is_found(named: str, well: emulated.Running, settings: Settings) -> None:
    check, plant, words, remedy = PLANTED[named]
    with transaction.atomic():
        plant(well, settings)
        found = look(check)
        # What was set for the transaction must not meet the end of the test.
        transaction.set_rollback(True)
    keys.forget()
    assert found.verdict == Verdict.FAILED
    assert words in " ".join(each.text for each in found.problems)
    assert remedy in " ".join(f"{each.command} {each.place}" for each in found.problems)
    assert [each.text for each in found.problems if not each.text.endswith((".", "!", "?"))] == []


def test_every_check_has_a_planted_mistake() -> None:
    # A clock is wrong in a test of its own.
    assert {check for check, *_ in PLANTED.values()} | {"clock"} == set(doctor.CHECKS)


@pytest.mark.parametrize(
    ("portal", "words"),
    [
        ("of another installation", "Another portal than this one answers at http://127.0.0.1:"),
        (probes.alive()["portal"], "/organizations takes no callouts: The portal answered 404"),
    ],
)
def test_an_address_behind_which_only_the_probe_answers_well_is_found(
    portal: str, words: str, well: emulated.Running, settings: Settings
) -> None:
    with serving() as elsewhere:
        settings.PORTAL_URL = elsewhere.url
        alive = json.dumps({"status": "ok", "portal": portal})
        elsewhere.plays(says(alive), says("{}", 404))
        (found,) = look("address").problems
    assert words in found.text


def test_a_tenants_database_that_is_away_says_where_to_look(
    well: emulated.Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connect.databases.names", lambda: ["tenants_eu"])
    monkeypatch.setattr("connect.databases.problem", lambda _alias: "It does not answer")
    (found,) = look("tenants_databases").problems
    assert found == Problem("It does not answer.", "heroku pg:info TENANTS_EU_URL")


def test_a_clock_that_is_wrong_is_found(well: emulated.Running) -> None:
    with time_machine.travel(timezone.now() + timedelta(minutes=10)):
        found = look("clock")
    assert "ahead of that of the database" in found.problems[0].text


def test_a_peer_that_says_nothing_ends_the_check_at_its_deadline(
    well: emulated.Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.doctor.checks.SECONDS", 0.5)
    well.fail("heroku", delay=3)
    found = look("heroku_token")
    assert found.problems[0].text == "Heroku: no complete answer within 0.5 seconds."


def test_no_secret_is_in_any_result(well: emulated.Running, settings: Settings) -> None:
    stored_under_old_key(well, settings)
    said = str([look(name) for name in doctor.CHECKS])
    keys.forget()
    secrets = [
        *portal_settings.FERNET_KEYS,
        keys.NEW_KEY,
        portal_settings.SECRET_KEY,
        portal_settings.HEROKU_API_TOKEN,
        portal_settings.SALESFORCE_SECRET,
        portal_settings.X_BEARER_TOKEN,
        "HRKU-stored",
    ]
    assert [each for each in secrets if each in said] == []


def test_the_isv_programme_is_skipped_until_an_add_on_shows_it(
    well: emulated.Running, settings: Settings
) -> None:
    settings.HEROKU_CONNECT_ISV_SLUG = "isv"
    HostApp.objects.update(team="isv-team", name=settings.HEROKU_CONNECT_APP)
    assert look("isv").verdict == Verdict.SKIPPED
    acme = cast.enrol(cast.ACME)
    cast.connect(acme, Stage.LINKING, addon_name="a", enroll_requested_at=timezone.now())
    assert look("isv").text == "isv: 1 add-on enrolled."


def test_an_e_mail_is_sent_to_the_person_who_asks(settings: Settings) -> None:
    found = send_to("olga@isv.example")
    assert found.verdict == Verdict.OK
    assert [each.to for each in mail.outbox] == [["olga@isv.example"]]
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    refused = send_to("olga@isv.example")
    assert "ConnectionRefusedError" in refused.problems[0].text


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("It is missing", Problem("It is missing.")),
        ("No worker: heroku ps:scale worker=1.", Problem("No worker.", "heroku ps:scale worker=1")),
        ("It is open. heroku config:set A=b", Problem("It is open.", "heroku config:set A=b")),
    ],
)
def test_a_command_at_the_end_of_a_message_stands_alone(message: str, expected: Problem) -> None:
    assert problem(message) == expected


# --- the command ---------------------------------------------------------------------------------


def doctor_command(emulator: emulated.Running, *arguments: str) -> tuple[int, str, str]:
    name = quote(str(connection.settings_dict["NAME"]))
    here = {
        "DATABASE_URL": urlsplit(portal_settings.DATABASE_URL)._replace(path=f"/{name}").geturl(),
        "HEROKU_API_URL": f"{emulator.url}/heroku",
    }
    done = subprocess.run(
        [sys.executable, "manage.py", "doctor", *arguments],
        cwd=portal_settings.BASE_DIR,
        env={**os.environ, **here},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.django_db(transaction=True)
def test_the_command_says_the_same_and_exits_with_1(emulator: emulated.Running) -> None:
    code, said, error = doctor_command(emulator, "heroku_token", "worker")
    assert code == 1
    assert "ok      Heroku token: connect@isv.example; scopes: global" in said
    assert "FAILED  Queue and worker\n        No worker has ever run." in said
    assert "        run:   heroku ps:scale worker=1" in said
    assert "1 of 2 checks failed." in error


@pytest.mark.django_db(transaction=True)
def test_the_command_speaks_json_and_exits_with_0_when_all_is_well(
    emulator: emulated.Running,
) -> None:
    code, said, _ = doctor_command(emulator, "heroku_token", "--json")
    assert code == 0
    assert json.loads(said)["heroku_token"]["verdict"] == "ok"


def test_a_check_that_does_not_exist_is_refused(emulator: emulated.Running) -> None:
    code, _, error = doctor_command(emulator, "weather")
    assert code == 1
    assert "No such check: weather. There are database," in error
