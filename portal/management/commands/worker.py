"""`python manage.py worker`: what the Procfile's worker process runs."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from portal.project import worker


class Command(BaseCommand):
    help = "Run background tasks until SIGTERM or Ctrl-C."

    def handle(self, *args: Any, **options: Any) -> None:
        sys.exit(worker.run())
