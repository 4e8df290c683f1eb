"""Whether a mapping fits the org, as Heroku Connect sees it."""

from collections.abc import Iterator
from typing import NamedTuple

from emulator.connect.engine.states import mark_bad_config
from emulator.connect.sync.columns import (
    BadConfig,
    Config,
    mapped_columns,
    parent_key,
    unknown_fields,
)
from emulator.connect.sync.indexes import wanted_indexes
from emulator.org.objects import SObject
from emulator.org.org import Org
from emulator.state.entities import Connection, Mapping
from emulator.state.world import World

# The Dev Center's "Unsupported Objects"; events and big objects cannot be read as tables.
UNSUPPORTED = ("__kav", "__b", "__e")
UNSUPPORTED_OBJECT = "knowledgearticleversion"
# Bulk API returns no compound fields and no binary ones.
UNSUPPORTED_TYPES = ("address", "location", "base64")
TIMESTAMPS = ("SystemModstamp", "LastModifiedDate", "CreatedDate")


class Fit(NamedTuple):
    """The org and the object that a mapping fits."""

    org: Org
    sobject: SObject


def misfit(org: Org | None, mapping: Mapping) -> str | None:
    """Return why a mapping does not fit the org, None when it does."""
    return misfit_of_fields(org, mapping) or misfit_of_identifier(org, mapping)


def misfit_of_identifier(org: Org | None, mapping: Mapping) -> str | None:
    """Return why the `upsert_field` cannot be one, None when it can or there is none."""
    identifier = mapping.config.get("upsert_field") or ""
    mapped = {each.lower() for each in mapping.config["fields"]}
    if identifier and identifier.lower() not in mapped:
        return f"The unique identifier {identifier} of {mapping.object_name} is not mapped."
    if identifier and not has_identifier(org, mapping):
        return f"The unique identifier {identifier} of {mapping.object_name} is not an external id."
    return None


def misfit_of_fields(org: Org | None, mapping: Mapping) -> str | None:
    """Return why the object, a field or an index does not fit, None when they do."""
    sobject = org.describe(mapping.object_name) if org else None
    if org is None or sobject is None:
        return f"Object {mapping.object_name} does not exist or is not accessible."
    try:
        mapped_columns(sobject, mapping.config)
        wanted_indexes(sobject, mapping.config)
    except BadConfig as error:
        return str(error)
    return next(_misfits(org, sobject, mapping.config), None)


def _misfits(org: Org, sobject: SObject, config: Config) -> Iterator[str]:
    name, mapped = sobject.name.lower(), {each.lower() for each in config["fields"]}
    if name.endswith(UNSUPPORTED) or name == UNSUPPORTED_OBJECT:
        yield f"Object {sobject.name} is not supported."
    if "id" not in mapped:
        yield f"{sobject.name} needs the field Id."
    stamps = [each for each in TIMESTAMPS if sobject.field(each)]
    if stamps and not any(each.lower() in mapped for each in stamps):
        yield f"{sobject.name} needs one of the fields {', '.join(stamps)}."
    for each in sobject.fields:
        if each.name.lower() in mapped and each.type in UNSUPPORTED_TYPES:
            yield f"{sobject.name}.{each.name} has the type {each.type}, which is not supported."
    for each in config["fields"]:
        yield from _misfits_of_parent(org, sobject, each)


def _misfits_of_parent(org: Org, sobject: SObject, name: str) -> Iterator[str]:
    """Yield why a relationship by external id cannot work: no parent has such an external id."""
    found = parent_key(sobject, name)
    if found is None:
        return
    lookup, key = found
    parents = [parent for each in lookup.targets if (parent := org.describe(each))]
    if not any(_is_external(parent, key) for parent in parents):
        yield f"{name}: {key} is not an external id of {', '.join(lookup.targets)}."


def _is_external(sobject: SObject, name: str) -> bool:
    known = sobject.field(name)
    return known is not None and known.external_id


def has_identifier(org: Org | None, mapping: Mapping) -> bool:
    """Whether the mapping's `upsert_field` is an external id of its object."""
    sobject = org.describe(mapping.object_name) if org else None
    return sobject is not None and _is_external(sobject, mapping.config.get("upsert_field") or "")


def loses_import(org: Org | None, object_name: str, config: Config) -> bool:
    """Whether an import with this mapping is lost silently.

    A trap that users report: a relationship by external id without `indexes`, or whose lookup is
    mapped and has no index.
    """
    sobject = org.describe(object_name) if org else None
    if sobject is None:
        return False
    indexed = {each.lower() for each in config.get("indexes", {})}
    trapped = {each.lower() for each in config["fields"]} - indexed
    ways = [way for name in config["fields"] if (way := parent_key(sobject, name))]
    if "indexes" not in config:
        return bool(ways)
    return any(lookup.name.lower() in trapped for lookup, _ in ways)


def removed_fields(org: Org | None, mapping: Mapping) -> list[str] | None:
    """List mapped fields that the org does not have; None when the object itself is missing."""
    sobject = org.describe(mapping.object_name) if org else None
    return sorted(unknown_fields(sobject, mapping.config)) if sobject else None


def checked_fit(world: World, connection: Connection, mapping: Mapping) -> Fit | None:
    """Return what a mapping fits; mark it BAD_CONFIG and return None when it does not fit."""
    org = world.orgs.get(connection.organization_id or "")
    reason = misfit(org, mapping)
    sobject = org.describe(mapping.object_name) if org else None
    if reason is None and org and sobject:
        return Fit(org, sobject)
    mark_bad_config(world, connection, mapping, reason or "")
    return None
