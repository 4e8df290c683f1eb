"""Handing stored posts to the tenants that want them, each in a transaction of its own."""

import logging
import time
from collections.abc import Iterable

from django.db import Error as DatabaseError
from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone

from connect.clients.http import current_tenant
from social import accounts, tweets
from social.accounts import Place, Subject
from social.models import CollectionRun, Delivery, Post, TenantCollection

log = logging.getLogger(__name__)


def deliver(run: CollectionRun, subjects: list[Subject], until: float) -> bool:
    """Bring each tenant up to date; False when time.monotonic() passed `until` before all were."""
    newest = Post.objects.aggregate(newest=Max("changed_in"))["newest"] or 0
    rows = Delivery.objects.filter(connection__in=[each.connection.pk for each in subjects])
    known = {each.connection_id: each for each in rows}
    for subject in subjects:
        if time.monotonic() > until:
            return False
        delivery = known.get(subject.connection.pk) or Delivery(connection=subject.connection)
        wanted = subject.found.by_handle
        done = delivery.through >= newest and delivery.accounts == wanted
        if subject.place is not None and not done:
            _deliver_to(run, subject, subject.place, delivery)
    return True


def keep_results(run: CollectionRun, subjects: Iterable[Subject]) -> None:
    """Keep the results that say something; a quiet tenant's would only fill the table."""
    telling = []
    for subject in subjects:
        result = subject.result
        result.run = run
        counted = result.inserted or result.updated or result.refused_count
        if counted or result.error or result.skipped:
            telling.append(result)
    TenantCollection.objects.bulk_create(telling, batch_size=500)


def _deliver_to(run: CollectionRun, subject: Subject, place: Place, delivery: Delivery) -> None:
    tenant, result = subject.connection.tenant, subject.result
    mark = current_tenant.set(tenant.org_id)
    try:
        with transaction.atomic():
            rows = _rows(subject, delivery)
            written = tweets.write(place, rows) if rows else tweets.Written()
            _note(delivery, run.pk, subject.found.by_handle)
    except DatabaseError as error:
        result.error = accounts.words_of(error)
        run.tenants_failed += 1
        log.warning("posts not written tenant=%s error=%s", tenant.org_id, error)
    else:
        result.inserted, result.updated = written.inserted, written.updated
        run.inserted += written.inserted
        run.updated += written.updated
    finally:
        current_tenant.reset(mark)


def _rows(subject: Subject, delivery: Delivery) -> list[tweets.Row]:
    """Return the posts that the tenant has not got: new ones, and all for a new Account."""
    wanted = subject.found.by_handle
    moved = {name for name, sfid in wanted.items() if delivery.accounts.get(name) != sfid}
    fresh = Q(handle__in=wanted, changed_in__gt=delivery.through) | Q(handle__in=moved)
    posts = Post.objects.filter(fresh).order_by("id")
    return [tweets.row_of(post, wanted[post.handle_id]) for post in posts.iterator()]


def _note(delivery: Delivery, through: int, wanted: dict[str, str]) -> None:
    delivery.through, delivery.accounts = through, wanted
    delivery.delivered_at = timezone.now()
    delivery.save()
