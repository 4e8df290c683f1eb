"""`python manage.py reconcile`: compare Heroku with the portal now, and adopt what is ours."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from connect.inventory import compare
from connect.inventory.act import perform
from connect.inventory.adopt import ADOPT, needs_tenant
from connect.models import Discrepancy
from connect.operations.base import Busy

ACTOR = "manage.py reconcile"


class Command(BaseCommand):
    help = "Compare Heroku's add-ons and connections with the portal's rows. Safe to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        text = "adopt every add-on that is ours, as after the restore of a backup"
        parser.add_argument("--adopt", action="store_true", help=text)

    def handle(self, *_args: Any, adopt: bool, **_options: Any) -> None:
        """Print a line for each difference. Raises CommandError when some are left."""
        run = compare.compare(ACTOR)
        if run.error:
            raise CommandError(f"Not everything was compared: {run.error}")
        left = [row for row in compare.open_discrepancies() if not (adopt and self._adopted(row))]
        for row in left:
            self.stdout.write(f"{row.get_kind_display()}: {row.text}")
        self.stdout.write(compare.summary(run))
        if left:
            raise CommandError(f"{len(left)} are left. Act on them under “Discrepancies”.")

    def _adopted(self, row: Discrepancy) -> bool:
        if ADOPT.refusal(row) or needs_tenant(row):
            return False
        try:
            report = perform(ADOPT, row.pk, ACTOR, {})
        # In a backup a lease may be held by a worker that does not live any more; it ends soon.
        except Busy as busy:
            self.stdout.write(f"Adopt {row.addon_name}: skipped. {busy}")
            return False
        self.stdout.write(report.text)
        return not report.reason
