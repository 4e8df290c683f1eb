"""How times, durations and numbers are written, the same on every page and in every mail."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.utils.timezone import localtime

_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


def format_time(moment: datetime) -> str:
    """Return a time in the zone of staff, e.g. "3 Nov 2026, 14:05 UTC"."""
    return f"{localtime(moment):%-d %b %Y, %H:%M %Z}"


def counted(count: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun, e.g. "1 warning" or "1,204 warnings"."""
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"


def sentence(text: str) -> str:
    """Return a text that ends as a sentence does: what a peer says may or may not."""
    return text if text.endswith((".", "!", "?", ":")) or not text else f"{text}."


def in_sentence(label: str) -> str:
    """Return a label as it stands inside a sentence; names in it keep their capitals."""
    return label[:1].lower() + label[1:]


def format_duration(span: timedelta) -> str:
    """Return a duration in its one or two largest units, e.g. "2 min 5 s" or "3 d 4 h"."""
    seconds = max(0, round(span.total_seconds()))
    parts: list[str] = []
    for name, size in _UNITS:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {name}")
        # A unit that is 0 ends it: "3 d 5 s" would look more exact than it is useful.
        if len(parts) == 2 or (parts and not count):
            break
    return " ".join(parts) or "0 s"


def count_words(ended: Mapping[str, int], total: int) -> str:
    """Return how far something for many is, e.g. "41 done, 6 skipped, 3 still to do".

    `ended` holds how many have which result, by its word.
    """
    counts = {**ended, "still to do": total - sum(ended.values())}
    return ", ".join(f"{count:,} {word}" for word, count in counts.items() if count) or "0 done"
