"""The daily comparison of the app's add-ons and connections with our rows, and what it stores."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from connect import addons
from connect.clients import budget, heroku, heroku_connect, http
from connect.formats import counted
from connect.inventory import differences
from connect.inventory.differences import Difference
from connect.models import Connection, Discrepancy, Reconciliation, Stage
from tenants import messages, sweeps, timeline
from tenants.models import Tenant

EVERY = timedelta(hours=24)
KEEP = timedelta(days=90)
MAX_NAMED = 10  # in the mail
GONE = "The next comparison did not find it any more."


def compare_due() -> int:
    """Compare if a day has passed since the last comparison; return how many were made.

    It is asked each hour, so that one that failed is repeated soon.
    """
    now = timezone.now()
    recent = Reconciliation.objects.filter(error="", ended_at__gt=now - EVERY)
    recent = recent.exclude(sweeps.in_future("ended_at", now))
    if recent.exists() or not budget.allows_background_work():
        return 0
    compare(timeline.PORTAL)
    return 1


def compare(actor: str) -> Reconciliation:
    """Compare now: two calls, and one more for each further thousand add-ons.

    A peer's error is stored, and nothing else is changed.
    """
    run = Reconciliation.objects.create(actor=actor)
    try:
        before = list(_rows())
        listed = heroku.list_addons(settings.APP_NAME)
        # Discovery names each connection of the app with its region.
        summaries = heroku_connect.link(settings.APP_NAME)
    except http.RemoteError as error:
        run.error = error.words
    else:
        found = differences.find(listed, summaries, before, _rows())
        _store(found, run)
        run.addons, run.found = sum(map(differences.is_of_interest, listed)), len(found)
    run.ended_at = timezone.now()
    run.save()
    return run


def summary(run: Reconciliation) -> str:
    """Return what a comparison has found, as a sentence."""
    found = counted(run.found, "difference")
    return f"{counted(run.addons, 'add-on')} compared, {found}."


def last() -> Reconciliation | None:
    """Return the last comparison that was made."""
    return Reconciliation.objects.filter(error="", ended_at__isnull=False).first()


def open_discrepancies() -> QuerySet[Discrepancy]:
    """Return the differences that need staff, the oldest first."""
    rows = Discrepancy.objects.filter(ended_at=None)
    # What is being ended needs nobody any more; the next comparison says so.
    ending = Q(row__stage__in=(Stage.OFFBOARDING, Stage.OFFBOARDED))
    return rows.exclude(ending).order_by("found_at", "pk")


def prune(now: datetime) -> int:
    """Delete what ended long ago; return how many rows were deleted."""
    old = now - KEEP
    ended, _ = Discrepancy.objects.filter(ended_at__lt=old).delete()
    runs, _ = Reconciliation.objects.filter(began_at__lt=old).delete()
    return ended + runs


def _rows() -> QuerySet[Connection]:
    return Connection.objects.filter(offboarded_at=None).select_related("tenant")


@transaction.atomic
def _store(found: Iterable[Difference], run: Reconciliation) -> None:
    # What staff ended during the calls was listed before that.
    ended = set(
        Discrepancy.objects.filter(ended_at__gte=run.began_at).values_list("key", flat=True)
    )
    kept = [each for each in found if each.key not in ended]
    now = timezone.now()
    new = [row for row, is_new in (_stored(each, now) for each in kept) if is_new]
    kept_keys = [each.key for each in kept]
    gone = Discrepancy.objects.filter(ended_at=None).exclude(key__in=kept_keys)
    gone.update(ended_at=now, outcome=GONE)
    if new:
        _alert(new, run)


def _stored(found: Difference, now: datetime) -> tuple[Discrepancy, bool]:
    addon, summary, row = found.addon, found.summary, found.row
    owner = addons.owner_of(addon.name) if addon else None
    tenant = row.tenant if row else None
    if owner and not tenant:
        tenant = Tenant.objects.filter(org_id=owner.org_id).first()
    facts = {
        "kind": found.kind,
        "text": found.text,
        "addon_id": addon.id if addon else row.addon_id if row else "",
        "addon_name": addon.name if addon else row.addon_name if row else "",
        "plan": addon.plan if addon else "",
        "connection_id": summary.id if summary else "",
        "region_url": summary.region_url if summary else "",
        "tenant": tenant,
        "row": row,
        "seen_at": now,
    }
    return Discrepancy.objects.update_or_create(key=found.key, ended_at=None, defaults=facts)


def _alert(new: list[Discrepancy], run: Reconciliation) -> None:
    lines = [f"- {row.text}" for row in new[:MAX_NAMED]]
    more = [f"- and {len(new) - MAX_NAMED} more"] if len(new) > MAX_NAMED else []
    messages.notify_staff(
        None,
        key=f"reconciliation:{run.pk}",
        subject=f"Heroku and the portal differ: {len(new)} new",
        text="\n".join([*lines, *more, "", "“Discrepancies” in the portal has the buttons."]),
    )
