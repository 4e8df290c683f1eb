"""The limits of Heroku Connect and Postgres that the rules check."""

import re

ACCESS_MODES = ("read_only", "read_write")
# By one of these Heroku Connect finds what has changed. The first that an object has is the best.
TIMESTAMPS = ("SystemModstamp", "LastModifiedDate", "CreatedDate")
MAX_MAPPINGS = 100
MAX_FIELDS = 1500  # Postgres: a table has at most 1,600 columns, and Heroku Connect adds its own
MAX_NAME_BYTES = 63  # Postgres cuts longer names
# Heroku Connect: the demo plan polls at most every ten minutes, paid plans every two.
MIN_POLLING_SECONDS = {"demo": 600}
MIN_POLLING_SECONDS_PAID = 120
MAX_POLLING_SECONDS = 3600
MAX_ROWS = {"demo": 10_000}  # in all mapped tables, by plan
# Dev Center, "Mapping configuration options", "Unsupported objects": these need query criteria, or
# cannot be read in bulk. A describe does not tell.
UNSUPPORTED_OBJECTS = {"knowledgearticleversion": "knowledge articles"}
UNSUPPORTED_SUFFIXES = {
    "__kav": "knowledge articles",
    "__b": "big objects",
    "__e": "platform events",
}
LIMITED_OBJECTS = {"leadhistory"}
# Bulk API returns neither compound nor binary fields. The names are describe's types.
UNSUPPORTED_TYPES = {"address": "compound", "location": "compound", "base64": "binary"}
# Partners have plans of their own, so any name may be one.
_PLAN = re.compile(r"herokuconnect:[a-z0-9-]+")


def is_plan(text: str) -> bool:
    """Return whether a text is written as a plan is, e.g. "herokuconnect:demo"."""
    return _PLAN.fullmatch(text) is not None


def plan_name(plan: str) -> str:
    """Return "demo" for "herokuconnect:demo"."""
    return plan.rpartition(":")[2]


def least_polling(plan: str) -> int:
    """Return the floor of a plan's polling interval, in seconds."""
    return MIN_POLLING_SECONDS.get(plan_name(plan), MIN_POLLING_SECONDS_PAID)


def max_rows(plan: str) -> int | None:
    """Return how many rows a plan allows, e.g. "herokuconnect:demo"; None if it has no limit."""
    return MAX_ROWS.get(plan_name(plan))


def unsupported(object_name: str) -> str:
    """Return the kind of objects that Heroku Connect does not map, or ""."""
    lower = object_name.lower()
    suffix = lower[lower.rfind("__") :] if "__" in lower else ""
    return UNSUPPORTED_OBJECTS.get(lower) or UNSUPPORTED_SUFFIXES.get(suffix, "")
