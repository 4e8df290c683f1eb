"""Ctrl-C and SIGTERM: the first one stops everything in order."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from demo.failure import Stopped

_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_asked_to_stop: list[int] = []


def on_signals_raise() -> None:
    """Turn the first signal that means "stop" into Stopped; further ones do not disturb the end."""

    def stop(number: int, _frame: FrameType | None) -> None:
        _asked_to_stop.append(number)
        if len(_asked_to_stop) == 1:
            raise Stopped

    for each in _STOP_SIGNALS:
        signal.signal(each, stop)


def stop_if_asked() -> None:
    # An exception from a handler is lost where Python cannot raise, in a destructor for instance.
    if _asked_to_stop:
        raise Stopped


@contextmanager
def signals_held_back() -> Iterator[None]:
    """Deliver the signals that mean "stop" only when the block has ended."""
    heard: list[int] = []
    before = {each: signal.getsignal(each) for each in _STOP_SIGNALS}
    for each in _STOP_SIGNALS:
        signal.signal(each, lambda number, _frame: heard.append(number))
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
        for number in heard:
            signal.raise_signal(number)
