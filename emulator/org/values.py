"""Turns what a client writes into the value that a Salesforce record keeps."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from emulator.times import iso


def to_salesforce(field_type: str, value: Any) -> Any:
    """Turn a value, or Postgres' text of it, into a JSON-able value of that Salesforce type.

    Raises TypeError or ValueError when the value does not fit the type.
    """
    return None if value is None else _CONVERSIONS.get(field_type, str)(value)


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    text = str(value).lower()
    if text not in ("t", "true", "f", "false"):
        raise ValueError(text)
    return text.startswith("t")


def _moment(value: Any) -> str:
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    # Postgres' `timestamp` has no zone; Heroku Connect keeps UTC in it.
    return iso(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _day(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()[:10]
    return date.fromisoformat(str(value)[:10]).isoformat()


_CONVERSIONS: dict[str, Callable[[Any], Any]] = {
    "double": float,
    "currency": float,
    "percent": float,
    "int": lambda value: int(float(value)),
    "boolean": _boolean,
    "datetime": _moment,
    "date": _day,
}
