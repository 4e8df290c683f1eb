"""What X itself counts, beside our own count. Some accounts are not offered it."""

import logging
from datetime import timedelta

from django.utils import timezone

from connect.clients.http import RemoteError
from social import x
from social.models import ReportedUsage
from tenants.batching import Asking, batched

log = logging.getLogger(__name__)

ASK_AGAIN_AFTER = timedelta(hours=1)


def refresh() -> None:
    """Ask X for its own count, at most once an hour. A failure changes nothing else."""
    now = timezone.now()
    if ReportedUsage.objects.filter(asked_at__gt=now - ASK_AGAIN_AFTER).exists():
        return
    try:
        found = x.usage()
    except RemoteError as error:
        log.warning("usage not read error=%s", error)
        return
    facts = {"posts": found.posts, "cap": found.cap} if found else {"posts": None, "cap": None}
    ReportedUsage.objects.update_or_create(peer=x.SYSTEM, defaults={**facts, "asked_at": now})


@batched
def latest() -> Asking[ReportedUsage | None]:
    """Return what X last reported, or None if it reports nothing to this account."""
    (rows,) = yield [ReportedUsage.objects.filter(posts__isnull=False).order_by("pk")[:1]]
    return next(iter(rows), None)
