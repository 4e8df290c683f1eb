"""The time, size and retries that one call may use."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Seconds, bytes and tries of one call.

    Reading the body must end within `total`. A silent peer is detected after `read` seconds.
    """

    connect: float = 5
    read: float = 15
    # urllib3's time-outs count from byte to byte, so a slow body needs a limit of its own.
    total: float = 25
    body: int = 10 * 1024 * 1024
    retries: int = 2
    backoff: float = 0.3
    patience: float = 5  # the longest Retry-After that is slept here


LIMITS = Limits()
