"""Rate limits: token buckets for callouts, for the subscriber's addresses and for mails.

A full bucket allows its size at once, by default an hour's worth, and refills evenly. A call takes
from all of its buckets or from none: what one bucket refuses cannot empty another. If the limiter
itself fails, the call is accepted.
"""

import ipaddress
import logging
import math
import re
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction
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


# One statement for any number of buckets. Rows are locked in the order of their keys, so no two
# calls wait for each other for ever. A row that two calls make at once loses both their tokens.
_TAKE = """
WITH asked (key, per_second, size) AS (
    SELECT * FROM unnest(%(keys)s::text[], %(rates)s::float8[], %(sizes)s::float8[])
), held AS (
    SELECT key, tokens, filled_at FROM tenants_ratebucket
    WHERE key = ANY(%(keys)s::text[]) ORDER BY key FOR UPDATE
), filled AS (
    SELECT key, per_second, CASE WHEN filled_at IS NULL OR filled_at > %(horizon)s THEN size
        ELSE least(size, tokens
            + per_second * greatest(0, extract(epoch FROM %(now)s - filled_at))) END AS tokens
    FROM asked LEFT JOIN held USING (key)
), taken AS (
    INSERT INTO tenants_ratebucket AS stored (key, tokens, filled_at)
    SELECT key, tokens - %(count)s, %(now)s FROM filled
    WHERE NOT EXISTS (SELECT FROM filled WHERE tokens < %(count)s)
    ON CONFLICT (key) DO UPDATE SET filled_at = excluded.filled_at, tokens =
        CASE WHEN stored.key IN (SELECT key FROM held) THEN excluded.tokens
        ELSE stored.tokens - %(count)s END
)
SELECT (%(count)s - tokens) / nullif(per_second, 0) FROM filled WHERE tokens < %(count)s
"""
_NEVER = 3600  # seconds to wait for a bucket that does not refill


@dataclass(frozen=True)
class Bucket:
    """The key of a bucket, its refill, and how much it holds (None: an hour's refill)."""

    key: str
    per_hour: float
    size: float | None = None

    @property
    def full(self) -> float:
        """How many tokens it holds at most."""
        return self.per_hour if self.size is None else self.size


def seconds_to_wait(buckets: Sequence[Bucket]) -> int:
    """Take a token from each bucket; return 0, or the seconds until each has one."""
    try:
        with transaction.atomic() if connection.in_atomic_block else nullcontext():
            # A failure must not spoil the caller's transaction.
            return take_all(buckets, timezone.now())
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


def take(
    key: str, per_hour: float, now: datetime, count: int = 1, *, size: float | None = None
) -> int:
    """Take `count` tokens from a bucket; return 0, or the seconds until enough are available."""
    return take_all([Bucket(key, per_hour, size)], now, count)


def take_all(buckets: Sequence[Bucket], now: datetime, count: int = 1) -> int:
    """Take `count` tokens from each bucket or from none; return 0, or the seconds to wait."""
    waits = _taken(buckets, now, count)
    return max((_NEVER if wait is None else math.ceil(wait) for wait in waits), default=0)


@transaction.atomic
def count(key: str) -> int:
    """Add one to the count of a key and return it. It is forgotten after a day."""
    row, is_new = RateBucket.objects.get_or_create(
        key=key, defaults={"tokens": 1, "filled_at": timezone.now()}
    )
    if is_new:
        return 1
    counted = RateBucket.objects.select_for_update().get(pk=row.pk).tokens + 1
    RateBucket.objects.filter(pk=row.pk).update(tokens=counted)
    return int(counted)


def left(bucket: Bucket, stored: RateBucket | None, now: datetime) -> int:
    """Return how many tokens a bucket holds now, as the statement above counts it. Takes none."""
    if stored is None or stored.filled_at > now + sweeps.MAX_SKEW:
        return int(bucket.full)
    seconds = max(0.0, (now - stored.filled_at).total_seconds())
    return int(min(bucket.full, stored.tokens + bucket.per_hour / 3600 * seconds))


def _taken(buckets: Sequence[Bucket], now: datetime, count: int) -> list[float | None]:
    facts: dict[str, Any] = {
        "keys": [each.key for each in buckets],
        "rates": [each.per_hour / 3600 for each in buckets],
        "sizes": [each.full for each in buckets],
        "now": now,
        "count": count,
        # A bucket filled after this has its time from a clock that was wrong: it counts as full.
        "horizon": now + sweeps.MAX_SKEW,
    }
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, facts)
        return [value for (value,) in cursor.fetchall()]
