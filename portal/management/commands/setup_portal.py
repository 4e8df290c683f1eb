"""`python manage.py setup_portal`: what the database must hold beside its tables."""

from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

from connect import host_apps
from connect.formats import counted
from connect.mappings import templates
from connect.models import HostApp, MappingTemplate
from portal import roles, set_up
from portal.project import renamed_tasks, schedules

_LOCK = 0x6D756C7469  # "multi": two runs at once take turns


class Command(BaseCommand):
    help = "Make the roles, the schedules, the first mapping template and host app; repeatable."

    def handle(self, *_args: Any, verbosity: int, **_options: Any) -> None:
        """Do all of it in one transaction and print a line for each part; none at verbosity 0."""
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
            try:
                counts = roles.ensure()
            except roles.MissingPermissions as missing:
                raise CommandError(
                    f"No such permissions: {missing}. Run `python manage.py migrate` first."
                ) from None
            # Before the schedules, which drop what has no function under its stored name.
            renamed = renamed_tasks.ensure()
            changed = schedules.ensure()
            stored = templates.ensure_first()
            host = host_apps.ensure_first()
            added = set_up.run()
        lines = [
            *(f"role {role}: {counted(count, 'permission')}" for role, count in counts.items()),
            *renamed,
            *(changed or ["schedules: as they should be"]),
            *(f"mapping template: {_described(each)} stored" for each in stored),
            *([] if stored else ["mapping template: kept"]),
            f"host app: {host} made" if host else "host apps: kept",
            *_warnings(),
            *added,
        ]
        if verbosity:
            self.stdout.write("\n".join(lines))


def _warnings() -> Iterator[str]:
    """Return what the check W076 cannot see: a stored host app may differ from the setting's."""
    for host in HostApp.objects.filter(accepts=True).defer("token"):
        if host.runs_the_portal:
            yield (
                f"host app: {host} runs the portal, so each new add-on restarts it. Add another "
                "one under “Host apps”, and let this one accept no new tenants"
            )


def _described(template: MappingTemplate) -> str:
    return f"version {template.version} for {template.get_package_display().lower()}"
