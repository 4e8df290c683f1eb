"""Salesforce ids: 15 case-sensitive characters and a suffix of 3 that makes them case-safe."""

import re

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SUFFIX = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_SHAPE = re.compile(r"[0-9A-Za-z]{15}")


def eighteen(short: str) -> str:
    """Return the 18-character form of a 15-character id.

    Each suffix character names which of five characters are upper case, the first one being the
    least significant bit.
    """
    suffix = ""
    for start in (0, 5, 10):
        bits = sum(
            1 << place for place, char in enumerate(short[start : start + 5]) if "A" <= char <= "Z"
        )
        suffix += _SUFFIX[bits]
    return short + suffix


def make(prefix: str, serial: int) -> str:
    """Make an 18-character id from its first characters (3 to 9 of them) and a number."""
    digits = ""
    while serial:
        serial, digit = divmod(serial, 62)
        digits = _BASE62[digit] + digits
    return eighteen(prefix + digits.rjust(15 - len(prefix), "0"))


def serial_of(record_id: str) -> int:
    """Read the number back that make() put behind six leading characters."""
    number = 0
    for digit in record_id[6:15]:
        number = number * 62 + _BASE62.index(digit)
    return number


def canonical(given: str) -> str | None:
    """Return the 18-character form of a 15- or 18-character id, None when it is neither."""
    if not _SHAPE.fullmatch(given[:15]):
        return None
    full = eighteen(given[:15])
    return full if given in (full, full[:15]) else None
