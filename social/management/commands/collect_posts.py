"""`python manage.py collect_posts`: run a collection now, by Heroku Scheduler or by hand."""

import getpass
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Q

from connect.formats import counted
from social import collection
from social.models import CollectionRun, RunOutcome, Trigger
from tenants.models import Tenant

BAR_WIDTH = 30  # characters


class Command(BaseCommand):
    help = "Ask X for new posts about the tenants' Accounts and write them into their schemas."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--tenant",
            action="append",
            default=[],
            metavar="ORG",
            help="only this tenant: its org id or its name; may be repeated",
        )
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="show what would be searched, without any search, cost or write",
        )
        parser.add_argument(
            "--recount",
            action="store_true",
            help="search today's posts again, to update their likes and reposts",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run it and print the result for each tenant."""
        tenant_ids = [_tenant(given).pk for given in options["tenant"]]
        if options["dry_run"]:
            self._show_preview(collection.preview(tenant_ids))
            return
        try:
            run = collection.collect(
                Trigger.COMMAND,
                getpass.getuser(),
                tenant_ids=tenant_ids,
                recount=options["recount"],
                on_progress=self._show_progress,
            )
        except collection.CollectionRefused as reason:
            raise CommandError(str(reason)) from None
        self._show_result(run)
        if run.outcome == RunOutcome.FAILED or run.tenants_failed:
            raise CommandError(run.note)

    def _show_progress(self, run: CollectionRun) -> None:
        """Draw a progress bar on a terminal only, not in logs."""
        if not self.stderr.isatty() or not run.searches:
            return
        done = BAR_WIDTH * run.searches_done // run.searches
        bar = "█" * done + "·" * (BAR_WIDTH - done)
        end = "\n" if run.finished_at else ""
        self.stderr.write(
            f"\r{bar} {run.searches_done} of {counted(run.searches, 'search', 'searches')}, "
            f"{counted(run.posts_paid, 'post')}",
            ending=end,
        )

    def _show_result(self, run: CollectionRun) -> None:
        for result in run.by_tenant.select_related("connection__tenant"):
            said = result.error or (f"skipped: {result.skipped}" if result.skipped else "")
            counts = f"{result.inserted} written, {result.updated} updated"
            refused = (
                f", {counted(result.refused_count, 'handle')} refused"
                if result.refused_count
                else ""
            )
            self.stdout.write(f"{result.connection.tenant}: {said or counts + refused}")
        self.stdout.write(
            f"{counted(run.tenants, 'tenant')}, {counted(run.handles, 'handle')}, "
            f"{counted(run.calls, 'call')}, {counted(run.posts_paid, 'post')} paid for, "
            f"{run.inserted} written, {run.updated} updated: "
            f"{run.get_outcome_display().lower()}"
        )
        if run.note:
            self.stdout.write(run.note)

    def _show_preview(self, preview: collection.Preview) -> None:
        for tenant_run in preview.tenant_runs:
            result = tenant_run.result
            said = result.error or (f"skipped: {result.skipped}" if result.skipped else "")
            counts = f"{result.accounts} Accounts with a handle, {result.handles} handles"
            self.stdout.write(f"{tenant_run.connection.tenant}: {said or counts}")
            for each in result.refused:
                self.stdout.write(f"  {each['account']} {each['handle']!r}: {each['why']}")
        self.stdout.write(
            f"{preview.handles} handles in {preview.searches} searches. Nothing was done."
        )


def _tenant(given: str) -> Tenant:
    found = Tenant.objects.filter(Q(org_id__startswith=given[:15]) | Q(name__iexact=given))
    exact = [each for each in found if given in (each.org_id, each.org_id[:15], each.name)]
    rows = exact or list(found.filter(name__iexact=given))
    if len(rows) != 1:
        why = "no tenant has" if not rows else "several tenants have"
        raise CommandError(f"{why} the org id or name {given!r}")
    return rows[0]
