"""Rate limits: token buckets for callouts, for the subscriber's addresses and for mails.

A full bucket allows its size at once, by default an hour's worth, and refills evenly. A refused
call writes nothing. If the limiter itself fails, the call is accepted.
"""

import ipaddress
import logging
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from tenants import sweeps
from tenants.models import RateBucket

log = logging.getLogger(__name__)

PER_ORG_PER_HOUR = 100
# Mails of unproven tenants to one recipient, who may be a stranger.
MAILS_PER_DAY = 3
# Mails of unproven tenants that one network registered.
UNPROVEN_MAILS_PER_NETWORK = 30  # an hour
_ORG_ID = re.compile(rb"00D[0-9A-Za-z]{12}")


@dataclass(frozen=True)
class Bucket:
    """The key of a bucket, its refill, and how much it holds (None: an hour's refill)."""

    key: str
    per_hour: float
    size: float | None = None


def seconds_to_wait(buckets: Iterable[Bucket]) -> int:
    """Take a token from each bucket; return 0, or the seconds until one is free."""
    try:
        for each in buckets:
            wait = take(each.key, each.per_hour, timezone.now(), size=each.size)
            if wait:
                return wait
    except Exception:  # a broken limiter must not reject subscribers
        log.exception("limiter failed, call let through")
    return 0


def of_callout(address: str | None, body: bytes, *, signed: bool) -> list[Bucket]:
    """Return the buckets of a callout. Strangers cannot empty those of signed callouts."""
    # The org id is searched in the raw bytes, because the limiter runs before any parsing.
    org_id = _ORG_ID.search(body)
    prefix = "signed-" if signed else ""
    total = Bucket(f"{prefix}total", settings.REGISTRATIONS_PER_HOUR_TOTAL)
    org = [Bucket(f"{prefix}org:{org_id[0].decode()}", PER_ORG_PER_HOUR)] if org_id else []
    if signed:
        return [*org, total]
    return [Bucket(f"address:{network(address)}", settings.REGISTRATIONS_PER_HOUR), *org, total]


def of_recipient(digest: str) -> Bucket:
    """Return the bucket for mails of unproven tenants to one recipient."""
    return Bucket(f"recipient:{digest}", MAILS_PER_DAY / 24, MAILS_PER_DAY)


def of_unproven_mails(network: str) -> list[Bucket]:
    """Return the buckets for all mails of unproven tenants: those of one network, and in all."""
    total = Bucket("unproven-mails", settings.UNPROVEN_MAILS_PER_HOUR)
    if not network:
        return [total]
    return [Bucket(f"unproven-mails:{network}", UNPROVEN_MAILS_PER_NETWORK), total]


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


def network(address: str | None) -> str:
    """Return the network that one caller controls: in IPv6 that is a whole /64."""
    if address is None or ":" not in address:
        return address or "unknown"
    return str(ipaddress.ip_network((address, 64), strict=False))


@transaction.atomic
def take(
    key: str, per_hour: float, now: datetime, count: int = 1, *, size: float | None = None
) -> int:
    """Take `count` tokens from a bucket; return 0, or the seconds until enough are available."""
    size = per_hour if size is None else size
    # Made first, so that there is always a row to lock.
    RateBucket.objects.get_or_create(key=key, defaults={"tokens": size, "filled_at": now})
    bucket = RateBucket.objects.select_for_update().get(key=key)
    per_second = per_hour / 3600
    tokens = _tokens(bucket, per_hour, size, now)
    if tokens < count:
        return math.ceil((count - tokens) / per_second) if per_second else 3600
    RateBucket.objects.filter(key=key).update(tokens=tokens - count, filled_at=now)
    return 0


def left(key: str, per_hour: int, now: datetime) -> int:
    """Return how many tokens a bucket holds now. Takes none."""
    bucket = RateBucket.objects.filter(key=key).first()
    return int(_tokens(bucket, per_hour, per_hour, now)) if bucket else per_hour


def _tokens(bucket: RateBucket, per_hour: float, size: float, now: datetime) -> float:
    if sweeps.is_future(bucket.filled_at, now):
        return size
    # Several web processes' clocks may differ a little.
    passed = max(0.0, (now - bucket.filled_at).total_seconds())
    return min(size, bucket.tokens + passed * (per_hour / 3600))
