"""Limits on guessing passwords and codes, by account and by address.

A token is taken before anything is compared or hashed, and given back if the guess was right.
Buckets are rows, so all web processes count together, and a manager unlocks by emptying one.
"""

import hashlib
from collections.abc import Callable
from typing import TypeVar

from django.core.exceptions import ValidationError
from django.db.models import F
from django.db.models.functions import Least
from django.http import HttpRequest
from django.utils import timezone

from portal import audit
from portal.models import AuditKind
from tenants import limits
from tenants.models import RateBucket

PREFIX = "sign-in:"
# Wrong guesses in an hour. A full bucket allows them at once, and it refills evenly.
PER_ACCOUNT = 10
PER_ADDRESS = 60
NOTED = 20  # lock-outs of one address in an hour
MAX_NAME = 60  # characters of a name in a key
Found = TypeVar("Found")


def guess(request: HttpRequest, name: str, check: Callable[[], Found | None]) -> Found | None:
    """Return what `check` finds, None if the guess is wrong.

    Raises ValidationError, also for the right guess, when there were too many wrong ones.
    """
    buckets = _buckets(name, audit.address(request))
    wait = max(limits.take(key, most, timezone.now()) for key, most in buckets.items())
    if wait:
        minutes = -(-wait // 60)
        _note(request, name)
        raise ValidationError(
            f"Too many attempts. Try again in {minutes} min, or ask a manager to unlock you."
        )
    found = check()
    if found is not None:
        for key, most in buckets.items():
            _give_back(key, most)
    return found


def _note(request: HttpRequest, name: str) -> None:
    """Note a lock-out, but not each attempt of a flood: entries are kept for years."""
    noted = f"{PREFIX}noted:{limits.network(audit.address(request))}"
    if not limits.take(noted, NOTED, timezone.now()):
        audit.note(AuditKind.SIGN_IN_REFUSED, "Too many attempts", request=request, actor=name)


def unlock(key: str) -> None:
    """Forget the wrong guesses of an account or an address."""
    RateBucket.objects.filter(key=key, key__startswith=PREFIX).delete()


def _give_back(key: str, most: int) -> None:
    RateBucket.objects.filter(key=key).update(tokens=Least(F("tokens") + 1, float(most)))


def _buckets(name: str, address: str | None) -> dict[str, int]:
    account = name.strip().lower()
    if len(account) > MAX_NAME:
        account = hashlib.sha256(account.encode()).hexdigest()
    return {
        f"{PREFIX}account:{account}": PER_ACCOUNT,
        f"{PREFIX}address:{limits.network(address)}": PER_ADDRESS,
    }
