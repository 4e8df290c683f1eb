"""Every setting of the portal, read from the environment (README.md, "Settings").

A missing or wrong value never stops this file: portal/project/setting_rules.py reports it as a
system check with an id and one sentence on what to set, and manage.py, gunicorn and the worker
refuse to start on it.
"""

import logging
import sys
from importlib import import_module
from typing import Any

from csp.constants import SELF

from portal.project import door_settings, mail_settings
from portal.project.environment import (
    BASE_DIR,
    NOT_NUMBERS,
    NOT_ZONES,
    entries,
    env,
    host,
    number,
    tenants_databases,
    zone,
)

__all__ = ["NOT_NUMBERS", "NOT_ZONES"]  # read by the checks; all other settings are defined below

# --- who we are ----------------------------------------------------------------------------------
APP_NAME: str = env.str("APP_NAME", "")
PORTAL_URL: str = env.str("PORTAL_URL", "http://127.0.0.1:5000").rstrip("/")
HOME_URL: str = env.str("HOME_URL", "")  # where / leads to; else to the staff's first page
DEV_EMAIL: str = env.str("DEV_EMAIL", "")
STAFF_EMAILS: list[str] = entries("STAFF_EMAILS", DEV_EMAIL)
PRODUCT_NAME: str = env.str("PRODUCT_NAME", "Multiconnect")
MAINTENANCE: str = env.str("MAINTENANCE", "")  # while set, every page answers 503 with this text

# --- alerts and metrics --------------------------------------------------------------------------
INCIDENT_WEBHOOK_URL: str = env.str("INCIDENT_WEBHOOK_URL", "")  # Slack's, or one like it
# Traces (docs/operating.md): the collector, e.g. http://127.0.0.1:4318; without it there are none.
OTEL_EXPORTER_OTLP_ENDPOINT: str = env.str("OTEL_EXPORTER_OTLP_ENDPOINT", "")
OTEL_EXPORTER_OTLP_HEADERS: list[str] = entries("OTEL_EXPORTER_OTLP_HEADERS")
OTEL_SERVICE_NAME: str = env.str("OTEL_SERVICE_NAME", "multiconnect")
STAFF_TIME_ZONE: str = zone("STAFF_TIME_ZONE")
METRICS_TOKEN: str = env.str("METRICS_TOKEN", "")  # without it there is no /metrics

# --- for the ISV's own systems (docs/webhooks.md, docs/api.md) ------------------------------------
LIFECYCLE_WEBHOOKS: bool = env.bool("LIFECYCLE_WEBHOOKS", False)
# host:port of receivers in a private network, which no webhook may call otherwise
WEBHOOK_PRIVATE_HOSTS: list[str] = entries("WEBHOOK_PRIVATE_HOSTS")
READ_API: bool = env.bool("READ_API", False)
API_CALLS_PER_HOUR: int = number("API_CALLS_PER_HOUR", 3600)  # with one token

# --- secrets -------------------------------------------------------------------------------------
SECRET_KEY: str = env.str("SECRET_KEY", "")
FERNET_KEYS: list[str] = entries("SECRET")  # the first encrypts, all of them decrypt
HEROKU_API_TOKEN: str = env.str("HEROKU_API_TOKEN", "")
SALESFORCE_KEY: str = env.str("SALESFORCE_KEY", "")
SALESFORCE_SECRET: str = env.str("SALESFORCE_SECRET", "")
REGISTRATION_SECRETS: list[str] = entries("REGISTRATION_SECRETS")

# --- the outside systems -------------------------------------------------------------------------
HEROKU_API_URL: str = env.str("HEROKU_API_URL", "https://api.heroku.com")
HEROKU_CONNECT_URL: str = env.str("HEROKU_CONNECT_URL", "https://hc-central.heroku.com")
# Heroku's pages for people; {site} is dashboard, status or help
HEROKU_PAGES_URL: str = env.str("HEROKU_PAGES_URL", "https://{site}.heroku.com")
HEROKU_CONNECT_APP: str = env.str("HEROKU_CONNECT_APP", APP_NAME)  # the first host app
# Where the portal itself runs; Heroku sets it if the app has dyno metadata.
HEROKU_APP_NAME: str = env.str("HEROKU_APP_NAME", APP_NAME)
HEROKU_CONNECT_PLAN: str = env.str("HEROKU_CONNECT_PLAN", "herokuconnect:demo")
HEROKU_CONNECT_ISV_SLUG: str = env.str("HEROKU_CONNECT_ISV_SLUG", "")
HEROKU_CONNECT_DB_KEY: str = env.str("HEROKU_CONNECT_DB_KEY", "DATABASE_URL")
SALESFORCE_LOGIN_URL: str = env.str("SALESFORCE_LOGIN_URL", "https://login.salesforce.com")
SALESFORCE_TEST_URL: str = env.str("SALESFORCE_TEST_URL", "https://test.salesforce.com")
# {domain} is the subscriber's My Domain host, e.g. acme.my.salesforce.com
SALESFORCE_MY_DOMAIN_URL: str = env.str("SALESFORCE_MY_DOMAIN_URL", "https://{domain}")
SALESFORCE_HOSTS: list[str] = entries("SALESFORCE_HOSTS", ".salesforce.com")
HEROKU_CONNECT_HOSTS: list[str] = entries("HEROKU_CONNECT_HOSTS", ".heroku.com")
FORCE_NAMESPACE: str = env.str("FORCE_NAMESPACE", "")
# To Heroku Connect, for roll-outs: its own limit is not published, so this is the Platform API's.
MAPPING_CALLS_PER_HOUR: int = number("MAPPING_CALLS_PER_HOUR", 4500)

# --- registration --------------------------------------------------------------------------------
REGISTRATION_POLICY: str = env.str("REGISTRATION_POLICY", "signed")
REGISTRATION_SIGNATURE_REQUIRED: bool = env.bool("REGISTRATION_SIGNATURE_REQUIRED", False)
REGISTRATIONS_PER_HOUR: int = number("REGISTRATIONS_PER_HOUR", 200)  # from one address
REGISTRATIONS_PER_HOUR_TOTAL: int = number("REGISTRATIONS_PER_HOUR_TOTAL", 2000)
# Each costs money. A manager can allow more for a day.
UNPROVEN_MAILS_PER_HOUR: int = number("UNPROVEN_MAILS_PER_HOUR", 100)
UNPROVEN_TENANTS: int = number("UNPROVEN_TENANTS", 1000)  # that wait for proof at a time
NEW_ADDONS_PER_DAY: int = number("NEW_ADDONS_PER_DAY", 100)
# 0: an off-boarding cannot be undone.
OFFBOARDING_GRACE_DAYS: int = number("OFFBOARDING_GRACE_DAYS", 7)
# Heroku's router appends the caller's address to X-Forwarded-For; nothing before that is believed.
TRUSTED_PROXIES: int = number("TRUSTED_PROXIES", 1 if PORTAL_URL.startswith("https:") else 0)

# --- use cases -----------------------------------------------------------------------------------
# Apps on top of the portal: to add or to delete the folder of one is enough.
OWN_APPS = ("portal", "connect", "tenants")
_APPS = sorted(each.parent.name for each in BASE_DIR.glob("*/apps.py"))
_ON_TOP = [name for name in _APPS if name not in OWN_APPS]
USE_CASES = [name for name in entries("USE_CASES", ",".join(_ON_TOP)) if name in _ON_TOP]
FLOORS = (*USE_CASES, *OWN_APPS)  # each imports only those behind it
MISSING_USE_CASES = [name for name in entries("USE_CASES") if name not in USE_CASES]
for _name in USE_CASES:  # a use case keeps its own settings in its module `settings`
    if (BASE_DIR / _name / "settings.py").exists():
        _own = vars(import_module(f"{_name}.settings"))
        globals().update({name: value for name, value in _own.items() if name.isupper()})

# --- how long things are kept (tenants/retention.py) ---------------------------------------------
KEEP_CALLOUTS_DAYS: int = number("KEEP_CALLOUTS_DAYS", 90)
KEEP_UNPROVEN_DAYS: int = number("KEEP_UNPROVEN_DAYS", 30)
KEEP_MESSAGES_DAYS: int = number("KEEP_MESSAGES_DAYS", 365)
KEEP_EVENTS_DAYS: int = number("KEEP_EVENTS_DAYS", 1095)  # after the off-boarding
KEEP_SAMPLES_DAYS: int = number("KEEP_SAMPLES_DAYS", 400)
KEEP_LOST_GRANTS_DAYS: int = number("KEEP_LOST_GRANTS_DAYS", 30)
KEEP_WEBHOOKS_DAYS: int = number("KEEP_WEBHOOKS_DAYS", 30)  # events and their deliveries

# --- Django --------------------------------------------------------------------------------------
DEBUG = False
ALLOWED_HOSTS: list[str] = entries("ALLOWED_HOSTS", host(PORTAL_URL) or "127.0.0.1")
ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "en-us"
# All times are stored as UTC; this is how staff read and enter them.
TIME_ZONE = STAFF_TIME_ZONE
USE_TZ = True
FORMAT_MODULE_PATH = ["portal.formats"]

INSTALLED_APPS = [
    "portal.apps.PortalAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",  # allauth's pages use it
    # Before staticfiles, whose runserver would serve the files in another way than production.
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "anymail",
    "django_q",
    "social_django",
    *door_settings.apps,
    "tenants",
    "connect",
    "portal.apps.PortalConfig",
    "portal.integrations",
    *USE_CASES,
]

MIDDLEWARE = [
    # Before the redirect to https.
    "portal.project.failures.PlainHttpMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # Before all that may fail or log: their lines and pages carry the id.
    "portal.project.request_ids.RequestIdMiddleware",
    *(["portal.tracing.requests.TracingMiddleware"] if OTEL_EXPORTER_OTLP_ENDPOINT else []),
    # Before the session, which needs the database: maintenance may be about that.
    "portal.project.failures.MaintenanceMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "portal.door.sessions.StaffSessionMiddleware",
    "portal.preferences.reading.PreferencesMiddleware",
    "portal.door.watch.DeniedMiddleware",
    "portal.door.factor.UnreadableFactorMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "tenants.pages.BadLinkMiddleware",
    "portal.project.unusable.UnusableInputMiddleware",
]
CSRF_FAILURE_VIEW = "portal.project.failures.csrf"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "portal" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.door.pages.admin_context",
            ],
        },
    },
]

# --- database and queue --------------------------------------------------------------------------
DATABASE_URL: str = env.str("DATABASE_URL", "")


# In seconds: a server that has gone is noticed, also by a connection that is kept.
REACH = {
    "connect_timeout": 5,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
}


def _database(url: str) -> dict[str, Any]:
    if not url.startswith(("postgres://", "postgresql://")):
        return {"ENGINE": "django.db.backends.dummy"}
    try:
        config = env.db_url_config(url)
    except ValueError:  # e.g. a port that is not a number
        return {"ENGINE": "django.db.backends.dummy"}
    # A connection that is kept may be dead by the next request, so Django asks it first.
    kept = {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
    reach = {**REACH, **_encryption(config.get("HOST", ""))}
    return {**config, **kept, "OPTIONS": {**reach, **config.get("OPTIONS", {})}}


def _encryption(machine: str) -> dict[str, str]:
    """Return that a database on another machine is reached by TLS or not at all.

    The certificate is not checked, because Heroku's is signed by itself. What its address says with
    ?sslmode=… wins, no TLS too; doctor says how each database is reached.
    """
    is_here = machine in ("", "localhost", "127.0.0.1", "::1") or machine.startswith("/")
    return {} if is_here or not PORTAL_URL.startswith("https:") else {"sslmode": "require"}


def _redis(url: str) -> str:
    # Heroku's Redis answers over TLS only, with a certificate signed by itself.
    if url.startswith("rediss://") and host(url).endswith(".amazonaws.com") and "?" not in url:
        return f"{url}?ssl_cert_reqs=none"
    return url


# The tenants' data may be in other databases: TENANTS_EU_URL is called tenants_eu.
TENANTS_DATABASES = tenants_databases()
DATABASES = {
    "default": _database(DATABASE_URL),
    **{name: _database(url) for name, url in TENANTS_DATABASES.items()},
}
DATABASE_ROUTERS = ["portal.project.databases.OwnTables"]
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},  # of each process
    # What one process has read for all: see portal/dashboard/snapshot.py.
    "shared": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "portal_shared_cache",
    },
}

REDIS_URL: str = _redis(env.str("REDIS_URL", ""))
TASK_TIMEOUT = 120  # seconds; tenants.leases.LEASE must be longer
WORKERS: int = number("WORKERS", 2)

# Why each value: tests/portal/project/test_worker.py pins the packages' behaviour, docs/adr/0003.
Q_CLUSTER: dict[str, Any] = {
    "name": "multiconnect",
    "workers": WORKERS,
    "queue_limit": WORKERS,
    "timeout": TASK_TIMEOUT,
    # Far longer than the timeout: a task that the queue takes for lost runs a second time.
    "retry": TASK_TIMEOUT * 3 + 30,
    "max_attempts": 1,
    "ack_failures": True,  # our own rows count attempts and decide when to try again
    # After a standstill, a schedule runs once and not once for each time it was missed.
    "catch_up": False,
    "poll": 2,  # how often an empty queue is asked; a task that is queued is announced
    "bulk": 1,
    "save_limit": 0,  # a limit would lock and load every kept row for each result; we prune daily
    "recycle": 200,
    "label": "Task queue",
    **({"redis": REDIS_URL} if REDIS_URL else {"orm": "default"}),
    "broker_class": f"portal.project.brokers.{'Redis' if REDIS_URL else 'Database'}Broker",
}

# --- sessions, cookies, transport ----------------------------------------------------------------
OVER_HTTPS = PORTAL_URL.startswith("https:")
# Only behind a proxy that sets it: elsewhere a caller could claim to use https.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_SSL_REDIRECT = OVER_HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 31_536_000 if OVER_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = OVER_HTTPS
SECURE_HSTS_PRELOAD = OVER_HTTPS
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = OVER_HTTPS
# With it no other host of the domain can set them. Browsers refuse it without https.
COOKIE_PREFIX = "__Host-" if OVER_HTTPS else ""
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}sessionid", f"{COOKIE_PREFIX}csrftoken"
MESSAGE_STORAGE = "portal.project.cookies.Messages"
SESSION_COOKIE_SAMESITE = "Lax"  # Strict would lose the session on Salesforce's redirect back
SESSION_COOKIE_AGE = 12 * 3600
CSRF_TRUSTED_ORIGINS = [PORTAL_URL]
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
        "object-src": ["'none'"],
        "form-action": [SELF],  # a page whose form leads to a sign-in elsewhere adds its host
    }
}

# --- the staff's sign-in; see portal/door ---------------------------------------------------------
globals().update({name: value for name, value in vars(door_settings).items() if name.isupper()})
MFA_TOTP_ISSUER = PRODUCT_NAME
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not OVER_HTTPS  # a laptop's demo

# --- the subscriber's sign-in to Salesforce -------------------------------------------------------
# Not in AUTHENTICATION_BACKENDS: nobody logs in to the portal with it.
# See tenants/salesforce_sign_in.py.
SOCIAL_AUTH_SALESFORCE_KEY = SALESFORCE_KEY
SOCIAL_AUTH_SALESFORCE_SECRET = SALESFORCE_SECRET
SOCIAL_AUTH_SALESFORCE_SCOPE = ["api", "id", "refresh_token"]

# --- e-mail --------------------------------------------------------------------------------------
globals().update({name: value for name, value in vars(mail_settings).items() if name.isupper()})
DEFAULT_FROM_EMAIL = SERVER_EMAIL = DEV_EMAIL or "webmaster@localhost"

# --- static files --------------------------------------------------------------------------------
STATIC_URL = "/static/"
_COLLECTED = BASE_DIR / "staticfiles"
# Hashed names need collectstatic, which Heroku's build runs even without settings. Where it
# has not run (a laptop, the tests), files are served from their source, each looked up when it is
# asked for, so that an edited one shows at once.
COLLECTED = (_COLLECTED / "staticfiles.json").exists() or sys.argv[1:2] == ["collectstatic"]
STATIC_ROOT = _COLLECTED if COLLECTED else None
WHITENOISE_USE_FINDERS = not COLLECTED
WHITENOISE_AUTOREFRESH = not COLLECTED
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if COLLECTED
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

# --- logging -------------------------------------------------------------------------------------
LOG_LEVEL: str = env.str("LOG_LEVEL", "INFO")
_LEVEL = LOG_LEVEL if LOG_LEVEL in logging.getLevelNamesMapping() else "INFO"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "request_id": {"()": "portal.project.request_ids.RequestIdFilter"},
        "refused": {"()": "portal.project.logfmt.RefusedFilter"},
        "work": {"()": "portal.project.logfmt.WorkFilter"},
        "redact": {"()": "tenants.redaction.RedactionFilter"},
    },
    "formatters": {
        "logfmt": {"()": "portal.project.logfmt.LogfmtFormatter"},
    },
    "handlers": {
        # Standard output is for what a command says, so that a program can read it.
        "stderr": {
            "class": "logging.StreamHandler",
            "stream": "ext://sys.stderr",
            "formatter": "logfmt",
            "filters": ["request_id", "work", "refused", "redact"],
        }
    },
    "root": {"handlers": ["stderr"], "level": _LEVEL},
    "loggers": {
        "django_q": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        "django-q": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        "django.request": {"level": "ERROR"},
        # Its finer lines hold addresses, and those of webhooks are secret.
        "urllib3": {"level": "INFO"},
        # Guesses of staff, which portal/door/watch.py logs with the name.
        "django.security.DisallowedModelAdminLookup": {"level": "CRITICAL"},
        "django.security.DisallowedModelAdminToField": {"level": "CRITICAL"},
    },
}
