"""Every setting of the portal, read from the environment (README.md, "Settings").

A missing or wrong value never stops this file: the rules beside it (*_rules.py) report it as a
system check with an id and one sentence on what to set, and manage.py, gunicorn and the worker
refuse to start on it.
"""

import sys
from importlib import import_module

from csp.constants import SELF

from portal.project import data_settings, door_settings, log_settings, mail_settings
from portal.project.environment import (
    BASE_DIR,
    NOT_FLAGS,
    NOT_NUMBERS,
    NOT_ZONES,
    OVER_HTTPS,
    PORTAL_URL,
    entries,
    env,
    flag,
    host,
    number,
    zone,
)

__all__ = [
    "NOT_FLAGS",
    "NOT_NUMBERS",
    "NOT_ZONES",
]  # read by the checks; all other settings are defined below

# --- who we are ----------------------------------------------------------------------------------
APP_NAME: str = env.str("APP_NAME", "")
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
LIFECYCLE_WEBHOOKS: bool = flag("LIFECYCLE_WEBHOOKS", False)
# host:port of receivers in a private network, which no webhook may call otherwise
WEBHOOK_PRIVATE_HOSTS: list[str] = entries("WEBHOOK_PRIVATE_HOSTS")
READ_API: bool = flag("READ_API", False)
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
REGISTRATION_SIGNATURE_REQUIRED: bool = flag("REGISTRATION_SIGNATURE_REQUIRED", False)
REGISTRATIONS_PER_HOUR: int = number("REGISTRATIONS_PER_HOUR", 200)  # from one address
REGISTRATIONS_PER_HOUR_TOTAL: int = number("REGISTRATIONS_PER_HOUR_TOTAL", 2000)
# Each costs money. A manager can allow more for a day.
UNPROVEN_MAILS_PER_HOUR: int = number("UNPROVEN_MAILS_PER_HOUR", 100)
UNPROVEN_TENANTS: int = number("UNPROVEN_TENANTS", 1000)  # that wait for proof at a time
NEW_ADDONS_PER_DAY: int = number("NEW_ADDONS_PER_DAY", 100)
# 0: an off-boarding cannot be undone.
OFFBOARDING_GRACE_DAYS: int = number("OFFBOARDING_GRACE_DAYS", 7)
# Heroku's router appends the caller's address to X-Forwarded-For; nothing before that is believed.
TRUSTED_PROXIES: int = number("TRUSTED_PROXIES", 1 if OVER_HTTPS else 0)

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

SILENCED_SYSTEM_CHECKS = [
    "anymail.W003",  # SendGrid still works, though anymail no longer maintains it
    # Django 6.1 wants django.contrib.postgres for an index. Ours needs nothing of that app, which
    # would ask each new connection for types that nobody uses.
    "postgres.E005",
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

# --- databases, caches and queue ------------------------------------------------------------------
globals().update({name: value for name, value in vars(data_settings).items() if name.isupper()})

# --- sessions, cookies, transport ----------------------------------------------------------------
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
globals().update({name: value for name, value in vars(log_settings).items() if name.isupper()})
