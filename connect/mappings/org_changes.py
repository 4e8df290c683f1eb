"""What has changed in an org's mapped objects: its describe now, beside an earlier one."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from connect.clients.org_objects import FieldFacts, ObjectFacts, field_from_json, object_of
from connect.mappings.asking import Described
from connect.mappings.documents import MappingDocument
from connect.mappings.lint import related

# What is kept of each field: enough to tell a change, and small for objects of 800 fields.
_KEPT = ("name", "type", "length", "required", "external_id")
Stored = dict[str, list[dict[str, Any]]]


class OrgChangeKind(StrEnum):
    OBJECT_GONE = "object_gone"
    FIELD_GONE = "field_gone"
    RENAMED = "renamed"
    RETYPED = "retyped"
    REQUIRED = "required"
    NEW = "new"  # of interest, and no fault


_ADVICE = {
    OrgChangeKind.OBJECT_GONE: "The object is not synchronized any more. Take it out.",
    OrgChangeKind.FIELD_GONE: "The mapping stops with BAD_CONFIG. Take the field out.",
    OrgChangeKind.RENAMED: "The mapping stops with BAD_CONFIG. Map the new name instead.",
    OrgChangeKind.RETYPED: (
        "The column keeps its old type, and values may not fit. A correction takes the field out; "
        "“Bring back”, or the roll-back of a corrected version, adds it with its new type."
    ),
    OrgChangeKind.REQUIRED: (
        "Salesforce refuses every record that is created from Postgres without it. Map it."
    ),
    OrgChangeKind.NEW: "It can be mapped.",
}


@dataclass(frozen=True)
class OrgChange:
    """One change in the org. `before` and `after` are types, or the names of a renamed field."""

    kind: OrgChangeKind
    object_name: str
    field: str = ""
    before: str = ""
    after: str = ""

    @property
    def is_fault(self) -> bool:
        """Whether the mapping no longer fits because of it; another document is then the answer."""
        return self.kind is not OrgChangeKind.NEW

    @property
    def advice(self) -> str:
        """What happens, and what to do."""
        return _ADVICE[self.kind]

    def __str__(self) -> str:
        place = f"{self.object_name}.{self.field}" if self.field else self.object_name
        return {
            OrgChangeKind.OBJECT_GONE: f"{place} is gone.",
            OrgChangeKind.FIELD_GONE: f"{place} is gone.",
            OrgChangeKind.RENAMED: f"{place} is gone; {self.after} may be its new name.",
            OrgChangeKind.RETYPED: f"{place} was {self.before} and is {self.after}.",
            OrgChangeKind.REQUIRED: f"{place} is required now, and it is not mapped.",
            OrgChangeKind.NEW: f"{place} is new ({self.after}).",
        }[self.kind]

    def as_json(self) -> dict[str, str]:
        """Return the change as JSON data; the opposite of `from_json`."""
        return asdict(self)


def from_json(rows: Iterable[Mapping[str, Any]]) -> list[OrgChange]:
    """Return stored changes."""
    return [OrgChange(**{**row, "kind": OrgChangeKind(row["kind"])}) for row in rows]


def stored(described: Described) -> Stored:
    """Return what is kept of a describe."""
    return {
        name: [
            {key: value for key, value in each.as_json().items() if key in _KEPT}
            for each in known.fields.values()
        ]
        for name, known in described.items()
        if known
    }


def find(live: MappingDocument, before: Stored, now: Described, namespace: str) -> list[OrgChange]:
    """Return what has changed since `before` in the objects that the live mappings hold."""
    found: list[OrgChange] = []
    for mapping in live["mappings"]:
        name, config = str(mapping["object_name"]), mapping["config"]
        if name.lower() not in now:
            continue
        known, earlier = now[name.lower()], before.get(name.lower())
        if known is None:
            found.append(OrgChange(OrgChangeKind.OBJECT_GONE, name))
            continue
        past = object_of(name, map(field_from_json, earlier)) if earlier is not None else None
        found += _changes(_Compared(name, config, past, known, namespace))
    return found


def remaining(changes: Iterable[OrgChange], live: MappingDocument) -> list[OrgChange]:
    """Return the changes that the live mappings have not followed yet."""
    mapped = {
        str(each["object_name"]).lower(): {name.lower() for name in each["config"]["fields"]}
        for each in live["mappings"]
    }
    wants_it = (OrgChangeKind.REQUIRED, OrgChangeKind.NEW)
    found = []
    for change in changes:
        fields = mapped.get(change.object_name.lower())
        is_mapped = fields is not None and (not change.field or change.field.lower() in fields)
        if fields is not None and is_mapped is not (change.kind in wants_it):
            found.append(change)
    return found


@dataclass(frozen=True)
class _Compared:
    """One mapped object, as it was (None: never seen) and as it is."""

    name: str
    config: dict[str, Any]
    past: ObjectFacts | None
    now: ObjectFacts
    namespace: str

    @property
    def fields(self) -> list[str]:
        return list(self.config.get("fields", {}))

    def maps(self, name: str) -> bool:
        return name.lower() in {each.lower() for each in self.fields}

    def newcomers(self) -> list[FieldFacts]:
        """The fields that were not there before, and are not mapped."""
        if self.past is None:
            return []
        new = (each for each in self.now.fields.values() if not self.past.has(each.name))
        return [each for each in new if not self.maps(each.name)]


def _changes(compared: _Compared) -> list[OrgChange]:
    gone = list(_gone(compared))
    taken = {each.after for each in gone}
    return [*gone, *_retyped(compared), *_required(compared), *_new(compared, taken)]


def _gone(compared: _Compared) -> Iterator[OrgChange]:
    ways = {each.path for each in related(compared.fields, compared.now)}
    for name in compared.fields:
        if compared.now.has(name) or name in ways:
            continue
        alike = _alike(compared, name)
        if len(alike) == 1:
            yield OrgChange(OrgChangeKind.RENAMED, compared.name, name, name, alike[0].name)
        else:
            yield OrgChange(OrgChangeKind.FIELD_GONE, compared.name, name)


def _alike(compared: _Compared, name: str) -> list[FieldFacts]:
    """Return the new fields that look like one that is gone; describe gives no lasting id."""
    lost = compared.past.field(name) if compared.past else None
    if lost is None or not lost.type:
        return []
    same = (lost.type, lost.length, lost.external_id)
    return [
        each for each in compared.newcomers() if (each.type, each.length, each.external_id) == same
    ]


def _retyped(compared: _Compared) -> Iterator[OrgChange]:
    for name in compared.fields:
        was = compared.past.field(name) if compared.past else None
        now = compared.now.field(name)
        if was and now and (was.type != now.type or _is_shorter(was, now)):
            before, after = _type(was), _type(now)
            yield OrgChange(OrgChangeKind.RETYPED, compared.name, now.name, before, after)


def _is_shorter(was: FieldFacts, now: FieldFacts) -> bool:
    # Heroku Connect widens a column by itself.
    return was.length is not None and now.length is not None and now.length < was.length


def _type(field: FieldFacts) -> str:
    return f"{field.type}({field.length})" if field.length else field.type


def _required(compared: _Compared) -> Iterator[OrgChange]:
    if compared.past is None or compared.config.get("access") != "read_write":
        return
    lookups = {each.lookup for each in related(compared.fields, compared.now)}
    for each in compared.now.fields.values():
        was = compared.past.field(each.name)
        newly = each.required and not (was and was.required)
        if newly and not compared.maps(each.name) and each.name not in lookups:
            yield OrgChange(OrgChangeKind.REQUIRED, compared.name, each.name, "", _type(each))


def _new(compared: _Compared, taken: set[str]) -> Iterator[OrgChange]:
    ours = f"{compared.namespace}__".lower() if compared.namespace else None
    for each in compared.newcomers():
        of_package = ours is not None and each.name.lower().startswith(ours)
        if (of_package or each.external_id) and not each.required and each.name not in taken:
            yield OrgChange(OrgChangeKind.NEW, compared.name, each.name, "", _type(each))
