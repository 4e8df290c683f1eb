"""Whether a mapping fits the org: its object and every mapped field exist."""

from typing import NamedTuple

from emulator.connect.engine.states import mark_bad_config
from emulator.connect.sync.columns import BadConfig, mapped_columns
from emulator.org.objects import SObject
from emulator.org.org import Org
from emulator.state.entities import Connection, Mapping
from emulator.state.world import World


class Fit(NamedTuple):
    """The org and the object that a mapping fits."""

    org: Org
    sobject: SObject


def misfit(org: Org | None, mapping: Mapping) -> str | None:
    """Return why a mapping does not fit the org, None when it does."""
    sobject = org.describe(mapping.object_name) if org else None
    if sobject is None:
        return f"Object {mapping.object_name} does not exist or is not accessible."
    try:
        mapped_columns(sobject, mapping.config)
    except BadConfig as error:
        return str(error)
    return None


def has_identifier(org: Org | None, mapping: Mapping) -> bool:
    """Whether the mapping's `upsert_field` is an external id of its object."""
    sobject = org.describe(mapping.object_name) if org else None
    named = sobject.field(mapping.config.get("upsert_field") or "") if sobject else None
    return named is not None and named.external_id


def removed_fields(org: Org | None, mapping: Mapping) -> list[str] | None:
    """List mapped fields that the org does not have; None when the object itself is missing."""
    sobject = org.describe(mapping.object_name) if org else None
    if sobject is None:
        return None
    # A relationship column names a field of the parent.
    return sorted(
        name for name in mapping.config["fields"] if "__r__" not in name and not sobject.field(name)
    )


def checked_fit(world: World, connection: Connection, mapping: Mapping) -> Fit | None:
    """Return what a mapping fits; mark it BAD_CONFIG and return None when it does not fit."""
    org = world.orgs.get(connection.organization_id or "")
    reason = misfit(org, mapping)
    sobject = org.describe(mapping.object_name) if org else None
    if reason is None and org and sobject:
        return Fit(org, sobject)
    mark_bad_config(world, connection, mapping, reason or "")
    return None
