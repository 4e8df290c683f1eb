"""The daily comparison of the host apps with our rows, and what it stores."""

import time
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from connect import addons
from connect.clients import budget, heroku, heroku_connect, http
from connect.clients.accounts import app_of_host
from connect.formats import counted
from connect.inventory import costs, differences
from connect.inventory.differences import Difference
from connect.models import Connection, Discrepancy, HostApp, Reconciliation, Stage
from tenants import messages, sweeps, timeline
from tenants.models import Tenant

EVERY = timedelta(hours=24)
MAX_RUN_SECONDS = 80  # a task may take 120, and one host app several
KEEP = timedelta(days=90)
MAX_NAMED = 10  # in the mail
GONE = "The next comparison did not find it any more."


def compare_due() -> int:
    """Compare the host apps whose last comparison is a day old; return how many comparisons.

    It is asked each hour, so that those that failed or had no turn are repeated soon.
    """
    now = timezone.now()
    old = Q(compared_at=None) | Q(compared_at__lte=now - EVERY)
    hosts = _hosts().filter(old | sweeps.in_future("compared_at", now))
    due = [each for each in hosts if budget.allows_background_work(each.account)]
    if not due:
        return 0
    compare(timeline.PORTAL, due)
    return 1


def compare(actor: str, hosts: Iterable[HostApp] | None = None) -> Reconciliation:
    """Compare host apps now, all unless some are given, the longest not compared first.

    Each costs two calls, and one more for each further thousand add-ons. A peer's error is stored,
    and nothing is changed for its host app.
    """
    run, errors = Reconciliation.objects.create(actor=actor), []
    stop_at = time.monotonic() + MAX_RUN_SECONDS
    for host in _hosts() if hosts is None else hosts:
        if time.monotonic() > stop_at:
            break  # the others have their turn in an hour
        try:
            _compare(host, run)
        except http.RemoteError as error:
            errors.append(f"{host}: {error.words}")
    run.error = "; ".join(errors)
    run.ended_at = timezone.now()
    run.save()
    return run


def _compare(host: HostApp, run: Reconciliation) -> None:
    before, app = list(_rows()), app_of_host(host)
    listed = heroku.list_addons(app)
    # Discovery names each connection of the app with its region.
    summaries = heroku_connect.link(app)
    found = differences.find(host.pk, listed, summaries, before, _rows())
    _store(host, found, run)
    costs.note(host, listed)
    HostApp.objects.filter(pk=host.pk).update(compared_at=timezone.now())
    run.addons += sum(map(differences.is_of_interest, listed))
    run.found += len(found)


def _hosts() -> QuerySet[HostApp]:
    # One that was never ready and has nothing may not be there: its error would come each hour.
    placed = Exists(Connection.objects.filter(host_app=OuterRef("pk")))
    known = HostApp.objects.filter(Q(ready_at__isnull=False) | placed)
    return known.order_by(F("compared_at").asc(nulls_first=True), "pk")


def summary(run: Reconciliation) -> str:
    """Return what a comparison has found, as a sentence."""
    found = counted(run.found, "difference")
    return f"{counted(run.addons, 'add-on')} compared, {found}."


def last() -> Reconciliation | None:
    """Return the last comparison that was made."""
    return whole().first()


def whole() -> QuerySet[Reconciliation]:
    """Return the comparisons that came to their end, the newest first."""
    return Reconciliation.objects.filter(error="", ended_at__isnull=False)


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
def _store(host: HostApp, found: Iterable[Difference], run: Reconciliation) -> None:
    # What staff ended during the calls was listed before that.
    ended = set(
        Discrepancy.objects.filter(ended_at__gte=run.began_at).values_list("key", flat=True)
    )
    kept = [each for each in found if each.key not in ended]
    now = timezone.now()
    new = [row for row, is_new in (_stored(host, each, now) for each in kept) if is_new]
    kept_keys = [each.key for each in kept]
    gone = host.discrepancies.filter(ended_at=None).exclude(key__in=kept_keys)
    gone.update(ended_at=now, outcome=GONE)
    if new:
        _alert(new, run)


def _stored(host: HostApp, found: Difference, now: datetime) -> tuple[Discrepancy, bool]:
    addon, summary, row = found.addon, found.summary, found.row
    owner = addons.owner_of(addon.name) if addon else None
    tenant = row.tenant if row else None
    if owner and not tenant:
        tenant = Tenant.objects.filter(org_id=owner.org_id).first()
    facts = {
        "host_app": host,
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
        key=f"reconciliation:{run.pk}:{new[0].host_app_id}",
        subject=f"Heroku and the portal differ: {len(new)} new",
        text="\n".join([*lines, *more, "", "“Discrepancies” in the portal has the buttons."]),
    )
