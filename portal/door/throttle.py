"""Limits on guessing passwords and codes.

A token is taken before anything is compared or hashed, and given back if the guess was right.
Buckets are rows, so all web processes count together, and a manager unlocks by emptying them.

Strangers who know a name can use up what it has for strangers, and no more: a browser in which its
owner has signed in before has a bucket of its own, and so have the codes after the password.
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
from portal.door import browsers
from portal.models import AuditKind
from tenants import limits
from tenants.models import RateBucket

PREFIX = "sign-in:"
# Wrong guesses in an hour. A full bucket allows them at once, and it refills evenly.
PER_NETWORK = 10  # at one account; also for a browser that is known
PER_ACCOUNT = 50  # from all networks together
PER_ADDRESS = 60  # at all accounts together
PER_CODE = 10  # codes, by people who know the password
MAX_NAME = 40  # characters of a name in a key
Found = TypeVar("Found")
Buckets = dict[str, int]


def guess(request: HttpRequest, name: str, check: Callable[[], Found | None]) -> Found | None:
    """Return what `check` finds for a name and a password, None if the guess is wrong.

    Raises ValidationError, also for the right guess, when there were too many wrong ones.
    """
    return _guess(request, name, _of_known(request, name) or _of_strangers(request, name), check)


def guess_code(request: HttpRequest, name: str, check: Callable[[], Found]) -> Found:
    """Return what `check` finds for a code of somebody who has given the password.

    Raises ValidationError as `guess`, and lets that of `check` pass.
    """
    buckets = _of_known(request, name) or {f"{_prefix(name)}codes": PER_CODE}
    return _guess(request, name, buckets, check)


def unlock(name: str) -> int:
    """Forget the wrong guesses at an account; return how many limits are forgotten."""
    return RateBucket.objects.filter(key__startswith=_prefix(name)).delete()[0]


def account_of(name: str) -> str:
    """Return the name of an account as keys and cookies hold it."""
    account = name.strip().lower()
    if len(account) <= MAX_NAME:
        return account
    return hashlib.sha256(account.encode("utf-8", "surrogatepass")).hexdigest()[:MAX_NAME]


def _guess(request: HttpRequest, name: str, buckets: Buckets, check: Callable[[], Found]) -> Found:
    # Stops at the first that is empty: an address that is refused makes no rows for new names.
    waits = (limits.take(key, most, timezone.now()) for key, most in buckets.items())
    wait = next(filter(None, waits), 0)
    if wait:
        minutes = -(-wait // 60)
        audit.note_few(AuditKind.SIGN_IN_REFUSED, "Too many attempts", request=request, actor=name)
        raise ValidationError(
            f"Too many attempts. Try again in {minutes} min, or ask a manager to unlock you."
        )
    found = check()
    if found is not None:
        for key, most in buckets.items():
            _give_back(key, most)
    return found


def _give_back(key: str, most: int) -> None:
    RateBucket.objects.filter(key=key).update(tokens=Least(F("tokens") + 1, float(most)))


def _of_known(request: HttpRequest, name: str) -> Buckets:
    """Return the bucket of a browser in which the account was signed in before."""
    number = browsers.number(request, account_of(name))
    return {f"{_prefix(name)}in browser {number}": PER_NETWORK} if number else {}


def _of_strangers(request: HttpRequest, name: str) -> Buckets:
    network = _network(request)
    return {
        f"{PREFIX}address:{network}": PER_ADDRESS,
        f"{_prefix(name)}from {network}": PER_NETWORK,
        f"{_prefix(name)}from anywhere": PER_ACCOUNT,
    }


def _prefix(name: str) -> str:
    # Each key goes on after a space, so no name can be mistaken for a longer one.
    return f"{PREFIX}account:{account_of(name)} "


def _network(request: HttpRequest) -> str:
    return limits.network(audit.address(request))
