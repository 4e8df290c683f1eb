"""Salesforce organization ids: 15 case-sensitive characters, or 18 with a checksum of the case.

Source: Salesforce, "Salesforce record ID format"; vectors in tests/tenants/test_orgid.py.
"""

import re

_ID15 = re.compile(r"[0-9A-Za-z]{15}")
_ID18 = re.compile(r"[0-9A-Za-z]{15}[A-Za-z0-5]{3}")
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


class BadOrgId(ValueError):
    """Not an organization id; the message gives the reason, for the sender."""


def normalize(value: str) -> str:
    """Return the 18-character form of an organization id of 15 or 18 characters.

    Raises BadOrgId when it has another length or alphabet, is not an organization's (00D…), or when
    the checksum does not fit, which means that the case of a letter was changed on the way.
    """
    value = value.strip()
    if not (_ID15.fullmatch(value) or _ID18.fullmatch(value)):
        raise BadOrgId("An organization id has 15 or 18 letters and digits.")
    if not value.startswith("00D"):
        raise BadOrgId("An organization id starts with 00D.")
    # The last three hold no case of their own, so they may come in lower case.
    full = value[:15] + checksum(value[:15])
    if len(value) == 18 and full != value[:15] + value[15:].upper():
        raise BadOrgId("The last three characters do not fit: was the case of a letter changed?")
    return full


def from_lower(value: str) -> str:
    """Return the 18-character form of an id that was stored in lower case. Raises BadOrgId."""
    bits = [_ALPHABET.find(char) for char in value[15:].upper()]
    letters = [
        char.upper() if bits[place // 5] >> place % 5 & 1 else char
        for place, char in enumerate(value[:15])
        if len(bits) == 3 and min(bits) >= 0
    ]
    # The checksum tells a letter that is none of these apart.
    return normalize("".join(letters) + value[15:])


def checksum(id15: str) -> str:
    """Return the three characters that record which of the fifteen are upper-case letters."""
    return "".join(_checksum_of_five(id15[start : start + 5]) for start in (0, 5, 10))


def _checksum_of_five(chunk: str) -> str:
    return _ALPHABET[sum(1 << bit for bit, char in enumerate(chunk) if "A" <= char <= "Z")]
