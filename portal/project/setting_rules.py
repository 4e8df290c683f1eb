"""The rules for the portal's settings: each yields a line for what is missing or wrong."""

import logging
import re
from collections.abc import Iterator
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http.request import validate_host

from connect.mappings import lint
from portal.project.checks import BASE_URLS, BLANKS, NUMBERS, rule
from portal.project.environment import LOOPBACK

POLICIES = ("signed", "approval", "open")
# Django itself warns of a SECRET_KEY of fewer than 50 characters.
MIN_LENGTHS = {  # characters
    "SECRET_KEY": 50,
    "SECRET": 32,
    "REGISTRATION_SECRETS": 20,
    "METRICS_TOKEN": 20,
}
APP = re.compile(r"[a-z][a-z0-9-]{1,28}[a-z0-9]")  # of Heroku's published schema


@rule("E001")
def secret_key() -> Iterator[str]:
    try:
        key = settings.SECRET_KEY
    except ImproperlyConfigured:  # Django's answer to an empty one
        key = ""
    if len(key) < MIN_LENGTHS["SECRET_KEY"]:
        yield f"SECRET_KEY is {_lack(key)}: heroku config:set SECRET_KEY=$(openssl rand -hex 32)"


@rule("E002")
def secret() -> Iterator[str]:
    if _shortest(settings.FERNET_KEYS) < MIN_LENGTHS["SECRET"]:
        yield (
            f"SECRET is {_lack(*settings.FERNET_KEYS)}: `python manage.py generate_secret` prints "
            "a key and the command that sets it"
        )


@rule("E003")
def database_url() -> Iterator[str]:
    if settings.DATABASES["default"]["ENGINE"] != "django.db.backends.postgresql":
        lack = "no postgres:// address" if settings.DATABASE_URL else "missing"
        yield f"DATABASE_URL is {lack}: heroku addons:create heroku-postgresql:essential-0"


@rule("E024")
def tenants_databases() -> Iterator[str]:
    for name in settings.TENANTS_DATABASES:
        known = settings.DATABASES.get(name, {})
        if known.get("ENGINE") != "django.db.backends.postgresql":
            variable = f"{name}_URL".upper()
            yield f"{variable} is not a postgres:// address: heroku config:unset {variable}"


@rule("E004")
def portal_url() -> Iterator[str]:
    parts = _split(settings.PORTAL_URL)
    if parts is None or parts.path or parts.query:
        yield (
            "PORTAL_URL is not the portal's own address without a path: "
            "heroku config:set PORTAL_URL=https://your-app.herokuapp.com"
        )
    if settings.HOME_URL and _split(settings.HOME_URL) is None:
        yield "HOME_URL is not an http(s) address: heroku config:unset HOME_URL"


@rule("W004")
def portal_url_is_encrypted() -> Iterator[str]:
    parts = _split(settings.PORTAL_URL)
    if parts and parts.scheme == "http" and parts.hostname not in (*LOOPBACK, "testserver"):
        yield (
            "PORTAL_URL is http, so sessions and signed links travel in the clear: "
            f"heroku config:set PORTAL_URL=https://{parts.netloc}"
        )


@rule("E005")
def app_name() -> Iterator[str]:
    for name, example in (("APP_NAME", "your-app"), ("HEROKU_CONNECT_APP", "your-connect")):
        given = getattr(settings, name)
        is_default = name != "APP_NAME" and given == settings.APP_NAME
        if not is_default and not APP.fullmatch(given):
            lack = "not the name of a Heroku app" if given else "missing"
            yield f"{name} is {lack}: heroku config:set {name}={example}"


@rule("E006")
def heroku_api_token() -> Iterator[str]:
    token = settings.HEROKU_API_TOKEN
    if not re.fullmatch(r"[!-~]+", token):
        lack = "holds a blank or a character that no token has" if token else "is missing"
        yield (
            f"HEROKU_API_TOKEN {lack}: heroku config:set HEROKU_API_TOKEN="
            "$(heroku authorizations:create -s global -d multiconnect --short)"
        )


@rule("E008")
def salesforce_app() -> Iterator[str]:
    for name, what in (("SALESFORCE_KEY", "key"), ("SALESFORCE_SECRET", "secret")):
        if not getattr(settings, name):
            yield (
                f"{name} is missing: heroku config:set {name}=<the consumer {what} of your "
                "Salesforce External Client App>"
            )


@rule("E009")
def registration_policy() -> Iterator[str]:
    if settings.REGISTRATION_POLICY not in POLICIES:
        yield (
            f"REGISTRATION_POLICY is {settings.REGISTRATION_POLICY!r}, not one of "
            f"{', '.join(POLICIES)}: heroku config:set REGISTRATION_POLICY=signed"
        )


@rule("E010")
def registration_secrets() -> Iterator[str]:
    keys = settings.REGISTRATION_SECRETS
    needed = settings.REGISTRATION_POLICY == "signed" or settings.REGISTRATION_SIGNATURE_REQUIRED
    if (keys or needed) and _shortest(keys) < MIN_LENGTHS["REGISTRATION_SECRETS"]:
        yield (
            f"REGISTRATION_SECRETS is {_lack(*keys)}: "
            "heroku config:set REGISTRATION_SECRETS=$(openssl rand -hex 32)"
        )


@rule("E011")
def base_urls() -> Iterator[str]:
    for name in BASE_URLS:
        parts = _split(getattr(settings, name))
        if parts is None:
            yield f"{name} is not an http(s) address: heroku config:unset {name}"
        elif parts.scheme != "https" and parts.hostname not in LOOPBACK:
            yield f"{name} sends tokens unencrypted: use https, or heroku config:unset {name}"
    for name, blank in BLANKS.items():
        if blank not in getattr(settings, name):
            yield f"{name} has no {blank}: heroku config:unset {name}"


@rule("E025")
def flags() -> Iterator[str]:
    for name in settings.NOT_FLAGS:
        yield (
            f"{name} is neither true nor false. Correct it, or go back to its default: "
            f"heroku config:unset {name}"
        )


@rule("E012")
def numbers() -> Iterator[str]:
    for name, (smallest, usual) in NUMBERS.items():
        if name in settings.NOT_NUMBERS or getattr(settings, name) < smallest:
            yield (
                f"{name} is not a whole number of at least {smallest}: "
                f"heroku config:set {name}={usual}"
            )


@rule("E013")
def queue() -> Iterator[str]:
    if settings.Q_CLUSTER["retry"] <= settings.Q_CLUSTER["timeout"]:
        yield (
            "Q_CLUSTER's retry must be longer than its timeout, else a slow task runs twice: "
            "correct portal/project/settings.py"
        )


@rule("E014")
def force_namespace() -> Iterator[str]:
    name = settings.FORCE_NAMESPACE
    if name and not re.fullmatch(r"(?=.{1,15}$)[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*", name):
        yield (
            "FORCE_NAMESPACE is not a Salesforce namespace (up to 15 letters, digits and single "
            "underscores): heroku config:set FORCE_NAMESPACE=yourns"
        )


@rule("E015")
def heroku_connect_plan() -> Iterator[str]:
    if not lint.is_plan(settings.HEROKU_CONNECT_PLAN):
        yield (
            "HEROKU_CONNECT_PLAN is not a plan of Heroku Connect: "
            "heroku config:set HEROKU_CONNECT_PLAN=herokuconnect:demo"
        )


@rule("E016")
def heroku_connect_db_key() -> Iterator[str]:
    if not re.fullmatch(r"[A-Z][A-Z0-9_]*", settings.HEROKU_CONNECT_DB_KEY):
        yield (
            "HEROKU_CONNECT_DB_KEY is not the name of a config var: "
            "heroku config:set HEROKU_CONNECT_DB_KEY=DATABASE_URL"
        )


@rule("E017")
def allowed_hosts() -> Iterator[str]:
    parts = _split(settings.PORTAL_URL)
    host = (parts.hostname if parts else None) or ""
    if host and not validate_host(host, settings.ALLOWED_HOSTS):
        wanted = ",".join([*settings.ALLOWED_HOSTS, host])
        yield (
            f"ALLOWED_HOSTS lacks the host of PORTAL_URL, {host}: "
            f"heroku config:set ALLOWED_HOSTS={wanted}"
        )


@rule("E019")
def allowed_peers() -> Iterator[str]:
    for name in ("SALESFORCE_HOSTS", "HEROKU_CONNECT_HOSTS"):
        # Hosts are compared by their end, so without the dot evilsalesforce.com would do.
        wrong = [host for host in getattr(settings, name) if not re.match(r"\.\w", host)]
        if wrong:
            yield f"{name} holds {wrong[0]!r}: begin every entry with a dot, as in .salesforce.com"


@rule("E020")
def log_level() -> Iterator[str]:
    if settings.LOG_LEVEL not in logging.getLevelNamesMapping():
        yield f"LOG_LEVEL is {settings.LOG_LEVEL!r}: heroku config:set LOG_LEVEL=INFO"


@rule("E021")
def redis_url() -> Iterator[str]:
    if settings.REDIS_URL and not settings.REDIS_URL.startswith(("redis://", "rediss://")):
        yield "REDIS_URL is not a redis:// address: heroku config:unset REDIS_URL"


@rule("E051")
def incident_webhook_url() -> Iterator[str]:
    url = settings.INCIDENT_WEBHOOK_URL
    parts = _split(url)
    if url and (parts is None or (parts.scheme != "https" and parts.hostname not in LOOPBACK)):
        yield (
            "INCIDENT_WEBHOOK_URL is not an https address: "
            "heroku config:set INCIDENT_WEBHOOK_URL=https://hooks.slack.com/services/…"
        )


@rule("E052")
def metrics_token() -> Iterator[str]:
    token = settings.METRICS_TOKEN
    if token and len(token) < MIN_LENGTHS["METRICS_TOKEN"]:
        yield "METRICS_TOKEN is too short: heroku config:set METRICS_TOKEN=$(openssl rand -hex 32)"


@rule("E053")
def use_cases() -> Iterator[str]:
    for name in settings.MISSING_USE_CASES:
        yield f"USE_CASES names {name!r}, which is not an app: heroku config:unset USE_CASES"


# --- helpers -------------------------------------------------------------------------------------


def _lack(*values: str) -> str:
    return "too short" if any(values) else "missing"


def _shortest(keys: list[str]) -> int:
    return min((len(key) for key in keys), default=0)


def _split(url: str) -> SplitResult | None:
    """Return the parts of an http(s) address, or None if it is none."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  (raises if it is not a number)
    except ValueError:
        return None
    return parts if parts.scheme in ("http", "https") and parts.hostname else None
