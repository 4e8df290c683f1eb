"""What every bench needs: the whole portal on a throw-away Postgres, and ratios with a target.

Only ratios within one run are checked: absolute times vary too much between runs.
"""

import base64
import os
from dataclasses import dataclass

import django
from django.apps import apps
from django.core.management import call_command

from demo import postgres

# No secret: it lives as long as the throw-away database.
_ENVIRONMENT = {
    "APP_NAME": "multiconnect-bench",
    "SECRET_KEY": "bench-only-secret-key-of-more-than-fifty-characters-0123456789",
    "SECRET": base64.urlsafe_b64encode(b"bench-only-key-of-32-bytes-long!").decode(),
    "REGISTRATION_SECRETS": "bench-registration-secret-0123456789",
    "HEROKU_API_TOKEN": "HRKU-bench",
    "DEV_EMAIL": "connect@isv.example",
    "STAFF_EMAILS": "staff@isv.example",
    "SALESFORCE_KEY": "bench-key",
    "SALESFORCE_SECRET": "bench-secret",
    "ALLOWED_HOSTS": "127.0.0.1,localhost,testserver",
    "EMAIL_BACKEND": "django.core.mail.backends.locmem.EmailBackend",
    "TRUSTED_PROXIES": "0",
    "SECOND_FACTOR_REQUIRED": "false",
    "LOG_LEVEL": "WARNING",
}


@dataclass(frozen=True)
class Ratio:
    """`value` is expensive / cheap, measured in one run; `target` is its maximum."""

    name: str
    value: float
    target: float
    detail: str = ""

    @property
    def holds(self) -> bool:
        return self.value <= self.target


def set_up(**settings: str) -> None:
    """Start a temporary Postgres that ends with this process, and set up the portal on it, once."""
    if apps.ready:
        return
    os.environ.update(_ENVIRONMENT | settings, DJANGO_SETTINGS_MODULE="portal.project.settings")
    os.environ["DATABASE_URL"] = postgres.start_for_tests()
    django.setup()
    call_command("migrate", verbosity=0)
    call_command("setup_portal", verbosity=0)
