"""The environment of the product's processes, with secrets made on the first start."""

import base64
import json
import os
import secrets
from pathlib import Path

from demo.plan import APP, HOST_APP, Plan

HEROKU_TOKEN = "HRKU-demo"  # noqa: S105 - the emulator takes any


def load_secrets(path: Path) -> dict[str, str]:
    """Return this stack's secrets, made on its first start."""
    if not path.exists():
        made = {
            "key": secrets.token_urlsafe(48),
            "fernet": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            "registration": secrets.token_hex(32),
            "password": secrets.token_urlsafe(12),
        }
        # Before the text is written, so that nobody else can read it for a moment.
        path.touch(mode=0o600)
        path.write_text(json.dumps(made))
    kept: dict[str, str] = json.loads(path.read_text())
    return kept


def environment(plan: Plan, database_url: str, known: dict[str, str]) -> dict[str, str]:
    """Return all settings: every outside system is the emulator."""
    base = plan.emulator_url
    return {
        **os.environ,
        "DATABASE_URL": database_url,
        "APP_NAME": APP,
        "HEROKU_CONNECT_APP": HOST_APP,
        "PORTAL_URL": plan.portal_url,
        "HOME_URL": plan.tour_url,
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
        "TRUSTED_PROXIES": "0",
        # The demo has one member of staff.
        "SECOND_FACTOR_REQUIRED": "false",
        "TWO_PERSON_APPROVAL": "false",
        "DEV_EMAIL": "connect@isv.example",
        "STAFF_EMAILS": "staff@isv.example",
        "SECRET_KEY": known["key"],
        "SECRET": known["fernet"],
        "REGISTRATION_SECRETS": known["registration"],
        "REGISTRATION_POLICY": "signed",
        # A Redis of the developer's own must not get the demo's tasks.
        "REDIS_URL": "",
        "HEROKU_API_TOKEN": HEROKU_TOKEN,
        "HEROKU_API_URL": f"{base}/heroku",
        "HEROKU_CONNECT_URL": f"{base}/central",
        "HEROKU_PAGES_URL": f"{base}/sites/{{site}}",
        "SALESFORCE_KEY": "emulator-key",
        "SALESFORCE_SECRET": "emulator-secret",
        "SALESFORCE_LOGIN_URL": f"{base}/salesforce/login.salesforce.com",
        "SALESFORCE_TEST_URL": f"{base}/salesforce/test.salesforce.com",
        "SALESFORCE_MY_DOMAIN_URL": f"{base}/salesforce/{{domain}}",
        "X_API_URL": f"{base}/x",
        "X_BEARER_TOKEN": "x-demo",
        "EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
        "EMAIL_FILE_PATH": str(plan.mail),
        "WEB_CONCURRENCY": "1",
        "WORKERS": "2",
        "PYTHONUNBUFFERED": "1",
        **plan.settings,
    }
