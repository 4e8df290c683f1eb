"""Rate limits for callouts: by address, by org, and in total.

Token buckets: a full bucket allows an hour's calls at once, and refills evenly. A refused callout
writes nothing. If the limiter itself fails, the callout is accepted.
"""

import ipaddress
import logging
import math
import re
from collections.abc import Mapping
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from tenants.models import RateBucket

log = logging.getLogger(__name__)

PER_ORG_PER_HOUR = 100
_ORG_ID = re.compile(rb"00D[0-9A-Za-z]{12}")


def seconds_to_wait(remote_address: str | None, body: bytes) -> int:
    """Take a token from each of a callout's buckets; return 0, or the seconds until one is free."""
    try:
        for key, per_hour in _buckets(remote_address, body):
            wait = take(key, per_hour, timezone.now())
            if wait:
                return wait
    except Exception:  # a broken limiter must not reject subscribers
        log.exception("registration limiter failed, callout let through")
    return 0


def remote_address(meta: Mapping[str, str]) -> str | None:
    """Return the caller's address from a WSGI environment, or None if it is unknown.

    Each trusted proxy appends the address that it saw to X-Forwarded-For; the entries before those
    were written by the caller and are not trusted.
    """
    hops = [hop.strip() for hop in meta.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
    trusted = settings.TRUSTED_PROXIES
    given = hops[-trusted] if 0 < trusted <= len(hops) else meta.get("REMOTE_ADDR", "")
    try:
        return str(ipaddress.ip_address(given))
    except ValueError:
        return None


def _buckets(address: str | None, body: bytes) -> list[tuple[str, int]]:
    # The org id is searched in the raw bytes, because the limiter runs before any parsing.
    org_id = _ORG_ID.search(body)
    return [
        (f"address:{network(address)}", settings.REGISTRATIONS_PER_HOUR),
        *([(f"org:{org_id[0].decode()}", PER_ORG_PER_HOUR)] if org_id else []),
        ("total", settings.REGISTRATIONS_PER_HOUR_TOTAL),
    ]


def network(address: str | None) -> str:
    """Return the network that one caller controls: in IPv6 that is a whole /64."""
    if address is None or ":" not in address:
        return address or "unknown"
    return str(ipaddress.ip_network((address, 64), strict=False))


@transaction.atomic
def take(key: str, per_hour: int, now: datetime, count: int = 1) -> int:
    """Take `count` tokens from a bucket; return 0, or the seconds until enough are available."""
    # Made first, so that there is always a row to lock.
    RateBucket.objects.get_or_create(key=key, defaults={"tokens": per_hour, "filled_at": now})
    bucket = RateBucket.objects.select_for_update().get(key=key)
    per_second = per_hour / 3600
    # Several web processes' clocks may differ a little.
    passed = max(0.0, (now - bucket.filled_at).total_seconds())
    tokens = min(per_hour, bucket.tokens + passed * per_second)
    if tokens < count:
        return math.ceil((count - tokens) / per_second) if per_second else 3600
    RateBucket.objects.filter(key=key).update(tokens=tokens - count, filled_at=now)
    return 0
