"""What every bench needs: the whole portal on a throw-away Postgres, and pairs of times.

Absolute times vary too much between machines and between minutes. So both sides of a ratio are
measured in turn in one run, and each pair of them gives one value.
"""

import base64
import os
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import django
from django.apps import apps
from django.core.management import call_command

from demo import postgres

PAIRS = 9
# No secret: it lives as long as the throw-away database.
_ENVIRONMENT = {
    "APP_NAME": "multiconnect-bench",
    "SECRET_KEY": "bench-only-secret-key-of-more-than-fifty-characters-0123456789",
    "SECRET": base64.urlsafe_b64encode(b"bench-only-key-of-32-bytes-long!").decode(),
    "REGISTRATION_SECRETS": "bench-registration-secret-0123456789",
    "HEROKU_API_TOKEN": "HRKU-bench",
    "DEV_EMAIL": "connect@isv.example",
    "STAFF_EMAILS": "staff@isv.example",
    "SALESFORCE_KEY": "bench-key",
    "SALESFORCE_SECRET": "bench-secret",
    "ALLOWED_HOSTS": "127.0.0.1,localhost,testserver",
    "EMAIL_BACKEND": "django.core.mail.backends.locmem.EmailBackend",
    "TRUSTED_PROXIES": "0",
    "SECOND_FACTOR_REQUIRED": "false",
    "LOG_LEVEL": "WARNING",
    "REGISTRATIONS_PER_HOUR_TOTAL": "1000000000",
}


@dataclass(frozen=True)
class Pair:
    """The seconds of both sides, measured one after the other."""

    ours: float
    other: float

    @property
    def ratio(self) -> float:
        return self.ours / self.other


def medians(pairs: Iterable[Pair]) -> tuple[float, float]:
    """Return the seconds of both sides."""
    found = list(pairs)
    return statistics.median(p.ours for p in found), statistics.median(p.other for p in found)


def set_up(**settings: str) -> None:
    """Start a temporary Postgres that ends with this process, and set up the portal on it, once."""
    if apps.ready:
        return
    os.environ.update(_ENVIRONMENT | settings, DJANGO_SETTINGS_MODULE="portal.project.settings")
    os.environ["DATABASE_URL"] = postgres.start_for_tests()
    django.setup()
    call_command("migrate", verbosity=0)
    call_command("setup_portal", verbosity=0)


def seconds(act: Callable[[], object]) -> float:
    """Return how long a call takes."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def in_turn(
    ours: Callable[[], float], other: Callable[[], float], pairs: int = PAIRS
) -> list[Pair]:
    """Measure both sides in turn. Each returns its own seconds, so that it may prepare itself.

    Every second pair begins with the other side, so that neither is always the later one.
    """
    return [_pair(ours, other, ours_first=number % 2 == 0) for number in range(pairs)]


def _pair(ours: Callable[[], float], other: Callable[[], float], *, ours_first: bool) -> Pair:
    if ours_first:
        first = ours()
        return Pair(first, other())
    first = other()
    return Pair(ours(), first)


def work(statements: Iterable[str]) -> list[str]:
    """Return the statements without those that begin and end transactions."""
    return [each for each in statements if each not in ("BEGIN", "COMMIT")]


def claim(holds: bool, otherwise: str) -> None:
    """Raise RuntimeError if the bench did not measure what it reports."""
    if not holds:
        raise RuntimeError(otherwise)


def until(is_true: Callable[[], object], seconds: float, what: str) -> float:
    """Wait until something is true; return how long it took. Raises RuntimeError."""
    for passed in _passing(seconds):
        if is_true():
            return passed
    raise RuntimeError(f"waited {seconds:.0f} s in vain for {what}")


def _passing(seconds: float) -> Iterator[float]:
    began = time.perf_counter()
    while (passed := time.perf_counter() - began) < seconds:
        yield passed
        time.sleep(0.02)
