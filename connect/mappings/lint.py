"""What Heroku Connect would refuse or silently get wrong, found before anything is sent."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

SYSTEM_FIELDS = ("Id", "CreatedDate", "SystemModstamp", "IsDeleted")
WITHOUT_ISDELETED = {"user", "recordtype"}
ACCESS_MODES = ("read_only", "read_write")
MOST_MAPPINGS = 100
MOST_FIELDS = 1500  # Postgres: a table has at most 1,600 columns, and Heroku Connect adds its own
# Heroku Connect: the demo plan polls every ten minutes at the most often, paid plans every two.
LEAST_POLLING_SECONDS = {"demo": 600}
LEAST_POLLING_SECONDS_PAID = 120
MOST_POLLING_SECONDS = 3600
MAX_ROWS = {"demo": 10_000}  # in all mapped tables, by plan
_CUSTOM_SUFFIXES = {"c", "r", "e", "x", "mdt"}
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


class Severity(StrEnum):
    ERROR = "error"  # blocks
    WARNING = "warning"  # asks


@dataclass(frozen=True)
class Finding:
    """One fault: a rule's id, where it is, and a sentence that says what to change."""

    rule: str
    where: str
    text: str
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        return f"{self.where}: {self.text} [{self.rule}]"

    def as_json(self) -> dict[str, str]:
        """Return it as JSON data."""
        return {
            "rule": self.rule,
            "where": self.where,
            "text": self.text,
            "severity": self.severity.value,
        }


@dataclass(frozen=True)
class Org:
    """What is known of the org that is to get a document.

    `fields` holds the lower-case names of an object's fields by its lower-case name, None for an
    object that the org does not have; an object that was not asked about is not in it. `rows` is
    how many records each object has.
    """

    namespace: str = ""
    fields: Mapping[str, frozenset[str] | None] = field(default_factory=dict)
    rows: Mapping[str, int | None] = field(default_factory=dict)


def check(document: dict[str, Any], plan: str, org: Org | None = None) -> list[Finding]:
    """Return every fault in a filled document, for one org if given.

    It may be sent if no finding is an error. `plan` is the add-on's, e.g. "herokuconnect:demo".
    """
    return list(_faults(document, plan, org or Org()))


def errors(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings that block."""
    return [found for found in findings if found.severity is Severity.ERROR]


def warnings(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings that somebody has to accept."""
    return [found for found in findings if found.severity is Severity.WARNING]


def _warn(rule: str, where: str, text: str) -> Finding:
    return Finding(rule, where, text, Severity.WARNING)


def _faults(document: dict[str, Any], plan: str, org: Org) -> Iterator[Finding]:
    mappings = document.get("mappings")
    if not isinstance(mappings, list) or not mappings:
        yield Finding("no-mappings", "document", "It has no list “mappings” with anything in it.")
        return
    if len(mappings) > MOST_MAPPINGS:
        yield Finding(
            "too-many",
            "document",
            f"It has {len(mappings)} mappings; Heroku Connect takes {MOST_MAPPINGS}.",
        )
    seen: dict[str, str] = {}
    for mapping in mappings:
        name = mapping.get("object_name") if isinstance(mapping, dict) else None
        if not isinstance(name, str) or not isinstance(mapping.get("config"), dict):
            where = name if isinstance(name, str) else "mapping"
            yield Finding("not-a-mapping", where, "It lacks object_name or config.")
            continue
        if name.lower() in seen:
            yield Finding("twice", name, _twice("object", name, seen[name.lower()]))
        seen.setdefault(name.lower(), name)
        yield from _faults_of_mapping(name, mapping["config"], plan, org)
    yield from _rows(seen, plan, org)


def _twice(what: str, name: str, first: str) -> str:
    also = "" if name == first else f" (also as {first}: names count in any case)"
    return f"The same {what} is mapped twice{also}."


def _faults_of_mapping(name: str, config: dict[str, Any], plan: str, org: Org) -> Iterator[Finding]:
    if not _NAME.fullmatch(name):
        yield Finding("name", name, "This cannot be the API name of an object.")
    if config.get("access") not in ACCESS_MODES:
        yield Finding("access", name, f"access must be one of {', '.join(ACCESS_MODES)}.")
    yield from _polling(name, config.get("sf_polling_seconds"), plan)
    if _without_namespace(name, org):
        yield _warn("namespace", name, _UNNAMESPACED.format(org.namespace))
    fields = config.get("fields")
    if not isinstance(fields, dict) or not fields:
        yield Finding("no-fields", name, "It has no fields.")
        return
    yield from _faults_of_fields(name, fields, org)
    yield from _relationships(name, fields, config)
    if config.get("access") == "read_write" and not config.get("upsert_field"):
        yield _warn(
            "no-identifier",
            name,
            "It is read-write without a unique identifier (upsert_field), so a write that is "
            "repeated can make a record twice.",
        )


def _faults_of_fields(name: str, fields: dict[str, Any], org: Org) -> Iterator[Finding]:
    if len(fields) > MOST_FIELDS:
        yield Finding(
            "too-many-fields",
            name,
            f"It has {len(fields):,} fields; a Postgres table cannot have more than {MOST_FIELDS:,}"
            " beside Heroku Connect’s own columns.",
        )
        return
    seen: dict[str, str] = {}
    for each in fields:
        where = f"{name}.{each}"
        if not _NAME.fullmatch(each):
            yield Finding("name", where, "This cannot be the API name of a field.")
        if each.lower() in seen:
            yield Finding("twice", where, _twice("field", each, seen[each.lower()]))
        seen.setdefault(each.lower(), each)
        if _without_namespace(each, org):
            yield _warn("namespace", where, _UNNAMESPACED.format(org.namespace))
    yield from _missing_system_fields(name, seen)
    yield from _unknown(name, fields, org)


def _missing_system_fields(name: str, present: Mapping[str, str]) -> Iterator[Finding]:
    for each in SYSTEM_FIELDS:
        optional = each == "IsDeleted" and name.lower() in WITHOUT_ISDELETED
        if each.lower() not in present and not optional:
            yield Finding("system-field", name, f"{each} must be among the fields.")


def _unknown(name: str, fields: Iterable[str], org: Org) -> Iterator[Finding]:
    """Find what the org's describe lacks; a relationship's path is not among an object's fields."""
    if name.lower() not in org.fields:
        return
    known = org.fields[name.lower()]
    if known is None:
        yield Finding(
            "unknown-object", name, "The org does not have this object, or its user may not see it."
        )
        return
    for each in fields:
        if "__r__" not in each.lower() and each.lower() not in known:
            yield Finding("unknown-field", f"{name}.{each}", "The org does not have this field.")


def _relationships(name: str, fields: Iterable[str], config: dict[str, Any]) -> Iterator[Finding]:
    if "indexes" in config and not isinstance(config["indexes"], dict):
        yield Finding("indexes", name, "indexes must be an object.")
    related = next((each for each in fields if "__r__" in each.lower()), None)
    if related and "indexes" not in config:
        yield Finding(
            "no-indexes",
            f"{name}.{related}",
            "A relationship's external id needs “indexes”; without, the import silently fails.",
        )


def _polling(name: str, seconds: Any, plan: str) -> Iterator[Finding]:
    least = LEAST_POLLING_SECONDS.get(_plan(plan), LEAST_POLLING_SECONDS_PAID)
    fits = type(seconds) is int and least <= seconds <= MOST_POLLING_SECONDS
    if not fits:
        yield Finding(
            "polling", name, f"sf_polling_seconds must be {least} to {MOST_POLLING_SECONDS}."
        )


_UNNAMESPACED = (
    "A custom name without a namespace; the package’s own are called {}__… in this org. "
    "Write {{ns}} before it if it is the package’s."
)


def _without_namespace(name: str, org: Org) -> bool:
    """Tell whether any part of a name is custom and has no namespace, in an org that has one."""
    if not org.namespace:
        return False
    words: list[str] = []
    for word in name.split("__"):
        if word.lower() in _CUSTOM_SUFFIXES:
            if len(words) == 1:
                return True
            words = []
        else:
            words.append(word)
    return False


def _rows(objects: Iterable[str], plan: str, org: Org) -> Iterator[Finding]:
    most = max_rows(plan)
    total = sum(org.rows.get(name) or 0 for name in objects)
    if most is not None and total > most:
        yield _warn(
            "rows",
            "document",
            f"About {total:,} rows; on this plan Heroku Connect stops at {most:,}.",
        )


def max_rows(plan: str) -> int | None:
    """Return how many rows a plan allows, e.g. "herokuconnect:demo"; None if it has no limit."""
    return MAX_ROWS.get(_plan(plan))


def _plan(plan: str) -> str:
    return plan.rpartition(":")[2]
