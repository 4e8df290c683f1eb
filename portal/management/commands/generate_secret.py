"""`python manage.py generate_secret`: a fresh key for SECRET."""

import base64
import secrets
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

TEXT = """{key}

The first key:
  heroku config:set SECRET={key} --app {app}

To replace a key, put the new one first. It encrypts from then on; the others still decrypt:
  heroku config:set SECRET={key},$(heroku config:get SECRET --app {app}) --app {app}

Without Heroku, write it to the file .env:
  SECRET={key}
"""


class Command(BaseCommand):
    help = "Print a fresh key for SECRET, and the commands that set it."
    requires_system_checks = []  # it must run before the settings are valid

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Print 32 random bytes as URL-safe base64, and what to do with them."""
        key = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
        self.stdout.write(TEXT.format(key=key, app=settings.APP_NAME or "your-app"))
