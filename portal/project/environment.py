"""Reading settings from the environment and from `.env`.

A wrong value never stops the start here: the rules in portal/project/*_rules.py report it.
"""

import re
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import environ

LOOPBACK = ("127.0.0.1", "localhost", "::1")
TENANTS_URL = r"TENANTS(_[A-Z0-9]+)+_URL"
BASE_DIR = Path(__file__).resolve().parents[2]
FLAGS = {
    **dict.fromkeys(("true", "yes", "y", "on", "1"), True),
    **dict.fromkeys(("false", "no", "n", "off", "0"), False),
}
NOT_FLAGS: list[str] = []  # settings whose value is neither true nor false
NOT_NUMBERS: list[str] = []  # settings whose value is not a whole number
NOT_ZONES: list[str] = []  # settings whose value is not the name of a time zone

env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")

PORTAL_URL: str = env.str("PORTAL_URL", "http://127.0.0.1:5000").rstrip("/")
OVER_HTTPS = PORTAL_URL.startswith("https:")


def flag(name: str, default: bool) -> bool:
    """Read true or false. Another word must not switch off what protects."""
    given = env.str(name, str(default)).strip().lower()
    if given not in FLAGS:
        NOT_FLAGS.append(name)
    return FLAGS.get(given, default)


def number(name: str, default: int) -> int:
    """Read a whole number."""
    try:
        return int(env.str(name, str(default)))
    except ValueError:
        NOT_NUMBERS.append(name)
        return default


def zone(name: str, default: str = "UTC") -> str:
    """Read the name of a time zone, as Europe/Berlin."""
    given: str = env.str(name, default)
    try:
        ZoneInfo(given)
    except (LookupError, ValueError, OSError):
        NOT_ZONES.append(name)
        return default
    return given


def entries(name: str, default: str = "") -> list[str]:
    """Read a comma-separated list, without blanks around its entries and without empty ones."""
    return [word.strip() for word in env.str(name, default).split(",") if word.strip()]


def tenants_databases() -> dict[str, str]:
    """Read the addresses of the tenants' databases by name: TENANTS_EU_URL is tenants_eu."""
    names = [name for name in sorted(env.ENVIRON) if re.fullmatch(TENANTS_URL, name)]
    return {name.removesuffix("_URL").lower(): env.str(name) for name in names}


def is_https_or_here(url: str) -> bool:
    """Return whether nobody between here and there can read what is sent to an address."""
    return host(url) in LOOPBACK or (url.startswith("https://") and host(url) != "")


def host(url: str) -> str:
    """Return the host of an address, or "" if it has none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
