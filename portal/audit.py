"""The audit trail: who did what, when, from where, and with what result.

Entries are written at once, also where the work itself fails. The database refuses to change them.
Each is a log line too, so a drain has it where the portal's own database cannot be trusted.
"""

import hashlib
import logging
from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from portal.models import AuditEntry, AuditKind
from tenants import limits
from tenants.redaction import redact

log = logging.getLogger(__name__)

# A person may type anything for a name, e.g. a password. The log shows the beginning only.
MAX_NAME = 20
WARNINGS = {AuditKind.SIGN_IN_FAILED, AuditKind.SIGN_IN_REFUSED, AuditKind.DENIED}
# Entries an hour of what one network can repeat without signing in.
NOTED = 20
# The database lets nobody delete a younger one (its migration says so).
MIN_DAYS = 400


def note(
    kind: AuditKind,
    what: str,
    *,
    request: HttpRequest | None = None,
    actor: str = "",
    about: str = "",
    result: str = "",
) -> AuditEntry:
    """Write one entry. `actor` is needed only where nobody is signed in."""
    entry = _entry(kind, what, request, actor, about, result)
    entry.save()
    _log(entry)
    return entry


def note_few(
    kind: AuditKind, what: str, *, request: HttpRequest, actor: str = "", among: str = "noted"
) -> None:
    """Note what a stranger can repeat without end, but not each of a flood.

    Entries are kept for years. `among` says what is counted together, of one network.
    """
    key = f"{among}:{limits.network(address(request))}"
    if not limits.take(key, NOTED, timezone.now()):
        note(kind, what, request=request, actor=actor)


def note_some(
    kind: AuditKind, what: str, *, request: HttpRequest, about: str, result: str, among: str
) -> None:
    """Note what a person can repeat without end: the 1st, 10th, 100th … of an hour.

    `among` says what is counted together. No entry is ever changed, so none can hold the count of
    an hour. Each time is a log line.
    """
    entry = _entry(kind, what, request, "", about, result)
    digest = hashlib.sha256(f"{entry.actor} {among}".encode()).hexdigest()[:40]
    number = limits.count(f"noted:{timezone.now():%Y-%m-%d-%H}:{digest}")
    if _is_power_of_ten(number):
        entry.result = f"{entry.result}, number {number:,} in this hour"
        entry.save()
    _log(entry)


def _is_power_of_ten(number: int) -> bool:
    return str(number).strip("0") == "1"


def _entry(
    kind: AuditKind, what: str, request: HttpRequest | None, actor: str, about: str, result: str
) -> AuditEntry:
    user = getattr(request, "user", None)
    return AuditEntry(
        kind=kind,
        actor=(actor or (user.get_username() if user else ""))[:150],
        address=address(request) if request else None,
        what=redact(what)[:255],
        about=redact(about)[:255],
        result=redact(result),
    )


def _log(entry: AuditEntry) -> None:
    level = logging.WARNING if entry.kind in WARNINGS else logging.INFO
    name = redact(entry.actor)
    short = name if len(name) <= MAX_NAME else f"{name[:MAX_NAME]}…"
    log.log(
        level, "%s: %s, by %s from %s", entry.kind, entry.what, short or "-", entry.address or "-"
    )


def address(request: HttpRequest) -> str | None:
    """Return the caller's address as far as it can be trusted."""
    return limits.remote_address(request.META)


def prune() -> int:
    """Delete entries older than AUDIT_DAYS; return how many."""
    days = max(settings.AUDIT_DAYS, MIN_DAYS)
    old = AuditEntry.objects.filter(at__lt=timezone.now() - timedelta(days=days))
    return old.delete()[0]
