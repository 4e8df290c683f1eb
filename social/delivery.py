"""Writing stored posts into the tenants' schemas, one transaction for each tenant."""

import logging
import time
from collections.abc import Iterable

from django.db import Error as DatabaseError
from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone

from connect import databases
from connect.clients.http import working_for
from social import post_table, tenant_tables
from social.accounts import TenantRun
from social.models import CollectionRun, Delivery, Post, TenantCollection
from social.tenant_tables import TenantTables

log = logging.getLogger(__name__)


def deliver(run: CollectionRun, tenant_runs: list[TenantRun], until: float) -> bool:
    """Write the missing posts of each tenant. False if time.monotonic() passed `until` first."""
    # Read before the loop: posts of a later run are for that run to deliver.
    newest = Post.objects.aggregate(newest=Max("changed_in"))["newest"] or 0
    rows = Delivery.objects.filter(connection__in=[each.connection.pk for each in tenant_runs])
    known = {each.connection_id: each for each in rows}
    reach = databases.EachOnce()
    for tenant_run in tenant_runs:
        if time.monotonic() > until:
            return False
        delivery = known.get(tenant_run.connection.pk) or Delivery(connection=tenant_run.connection)
        wanted = tenant_run.found.by_handle
        # A changed Account or handle needs its posts again, although none of them is new.
        done = delivery.through >= newest and delivery.accounts == wanted
        if tenant_run.tables is not None and not done:
            with working_for(tenant_run.connection.tenant.org_id):
                _deliver_to(run, tenant_run, tenant_run.tables, delivery, reach)
    return True


def store_results(run: CollectionRun, tenant_runs: Iterable[TenantRun]) -> None:
    """Store the results of tenants with changes or problems; others would only fill the table."""
    results = []
    for tenant_run in tenant_runs:
        result = tenant_run.result
        result.run = run
        counted = result.inserted or result.updated or result.refused_count
        if counted or result.error or result.skipped:
            results.append(result)
    TenantCollection.objects.bulk_create(results, batch_size=500)


def _deliver_to(
    run: CollectionRun,
    tenant_run: TenantRun,
    tables: TenantTables,
    delivery: Delivery,
    reach: databases.EachOnce,
) -> None:
    tenant, result = tenant_run.connection.tenant, tenant_run.result
    try:
        with reach.reaching(tables.database), transaction.atomic():
            rows = _rows(tenant_run, delivery)
            written = post_table.write(tables, rows) if rows else post_table.WriteCounts()
            # In the transaction of the posts, so they are never marked as written without being so.
            _note(delivery, run.pk, tenant_run.found.by_handle)
    except DatabaseError as error:
        result.error = tenant_tables.error_text(error)
        run.tenants_failed += 1
        log.warning("posts not written tenant=%s error=%s", tenant.org_id, error)
    else:
        result.inserted, result.updated = written.inserted, written.updated
        run.inserted += written.inserted
        run.updated += written.updated


def _rows(tenant_run: TenantRun, delivery: Delivery) -> list[post_table.PostRow]:
    """Return the posts that the tenant does not have: new ones, and all posts of a new Account."""
    wanted = tenant_run.found.by_handle
    moved = {name for name, sfid in wanted.items() if delivery.accounts.get(name) != sfid}
    fresh = Q(handle__in=wanted, changed_in__gt=delivery.through) | Q(handle__in=moved)
    posts = Post.objects.filter(fresh).order_by("id")
    return [post_table.row_of(post, wanted[post.handle_id]) for post in posts.iterator()]


def _note(delivery: Delivery, through: int, wanted: dict[str, str]) -> None:
    delivery.through, delivery.accounts = through, wanted
    delivery.delivered_at = timezone.now()
    delivery.save()
