"""What Heroku Connect would refuse or silently get wrong, found before anything is sent."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

SYSTEM_FIELDS = ("Id", "CreatedDate", "SystemModstamp", "IsDeleted")
WITHOUT_ISDELETED = {"user", "recordtype"}
ACCESS_MODES = ("read_only", "read_write")
MOST_MAPPINGS = 100
# Heroku Connect: the demo plan polls every ten minutes at the most often, paid plans every two.
LEAST_POLLING_SECONDS = {"demo": 600}
LEAST_POLLING_SECONDS_PAID = 120
MOST_POLLING_SECONDS = 3600


@dataclass(frozen=True)
class Finding:
    """One fault: a rule's id, where it is, and a sentence that says what to change."""

    rule: str
    where: str
    text: str

    def __str__(self) -> str:
        return f"{self.where}: {self.text} [{self.rule}]"


def check(document: dict[str, Any], plan: str) -> list[Finding]:
    """Return every fault in a filled document; an empty list means that it may be sent.

    `plan` is the add-on's, e.g. "herokuconnect:demo".
    """
    return list(_faults(document, plan))


def _faults(document: dict[str, Any], plan: str) -> Iterator[Finding]:
    mappings = document.get("mappings")
    if not isinstance(mappings, list) or not mappings:
        yield Finding("no-mappings", "document", "It has no list “mappings” with anything in it.")
        return
    if len(mappings) > MOST_MAPPINGS:
        yield Finding("too-many", "document", f"More than {MOST_MAPPINGS} mappings.")
    seen: set[str] = set()
    for mapping in mappings:
        name = str(mapping.get("object_name", "")) if isinstance(mapping, dict) else ""
        if not name or not isinstance(mapping.get("config"), dict):
            yield Finding("not-a-mapping", name or "mapping", "It lacks object_name or config.")
            continue
        if name.lower() in seen:
            yield Finding("twice", name, "The same object is mapped twice.")
        seen.add(name.lower())
        yield from _faults_of_mapping(name, mapping["config"], plan)


def _faults_of_mapping(name: str, config: dict[str, Any], plan: str) -> Iterator[Finding]:
    if config.get("access") not in ACCESS_MODES:
        yield Finding("access", name, f"access must be one of {', '.join(ACCESS_MODES)}.")
    fields = config.get("fields")
    if not isinstance(fields, dict):
        yield Finding("no-fields", name, "It has no fields.")
        return
    yield from _missing_system_fields(name, fields)
    yield from _polling(name, config.get("sf_polling_seconds"), plan)
    if any("__r__" in field.lower() for field in fields) and "indexes" not in config:
        yield Finding("no-indexes", name, "A relationship's external id needs “indexes”.")


def _missing_system_fields(name: str, fields: dict[str, Any]) -> Iterator[Finding]:
    present = {field.lower() for field in fields}
    for field in SYSTEM_FIELDS:
        optional = field == "IsDeleted" and name.lower() in WITHOUT_ISDELETED
        if field.lower() not in present and not optional:
            yield Finding("system-field", name, f"{field} must be among the fields.")


def _polling(name: str, seconds: Any, plan: str) -> Iterator[Finding]:
    least = LEAST_POLLING_SECONDS.get(plan.rpartition(":")[2], LEAST_POLLING_SECONDS_PAID)
    fits = isinstance(seconds, int) and least <= seconds <= MOST_POLLING_SECONDS
    if not fits:
        yield Finding(
            "polling", name, f"sf_polling_seconds must be {least} to {MOST_POLLING_SECONDS}."
        )
