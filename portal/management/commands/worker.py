"""`python manage.py worker`: what the Procfile's worker process runs."""

import sys
from typing import Any

from django.core import checks
from django.core.management.base import BaseCommand

from portal.project import worker
from portal.project.checks import SETTINGS


class Command(BaseCommand):
    help = "Run background tasks until SIGTERM or Ctrl-C."
    # Not all: those of the URLs and of the admin are about pages, which the worker does not serve.
    requires_system_checks = [checks.Tags.models, checks.Tags.database, SETTINGS]

    def handle(self, *args: Any, **options: Any) -> None:
        sys.exit(worker.run())
