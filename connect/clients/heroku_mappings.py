"""Heroku Connect's calls for single mappings, describes, and the Salesforce API version.

Every function raises the errors of connect.clients.http.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connect.clients import heroku_connect
from connect.clients.accounts import Remote
from connect.clients.http import Conflict, NotFound, segment
from connect.clients.org_objects import ObjectFacts, read_object
from tenants.http.json_object import JsonObject


@dataclass(frozen=True)
class MappingDiagnosis:
    """The result of Heroku Connect's own check of a mapping, as sentences."""

    errors: tuple[str, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class VersionChange:
    """What another Salesforce API version would do to one mapping."""

    object_name: str
    changed: bool
    unsafe: bool
    undetermined: bool
    text: str


class UnsafeChanges(Conflict):
    """Mappings use fields that are missing or different in the other API version; see `changes`."""

    changes: tuple[VersionChange, ...] = ()


class StillSyncing(Conflict):
    """The API version cannot be changed while these mappings are being loaded."""

    objects: tuple[str, ...] = ()


# --- what an org has, and its API version ---------------------------------------------------------


def describe(remote: Remote, object_name: str) -> ObjectFacts | None:
    """Return what the org says of an object; None if it has no such object.

    Heroku Connect shows what the user who authorized it may see.
    """
    rest = f"schemas/{segment(object_name)}"
    try:
        document = heroku_connect.call("GET", remote, rest).document()
    except NotFound:
        return None
    return read_object(document, object_name)


def schema_diff(remote: Remote, version: str) -> tuple[VersionChange, ...]:
    """Return what an API version, e.g. "61.0", would change in each mapping. Changes nothing."""
    rest = "schema-diff"
    answer = heroku_connect.call("GET", remote, rest, params={"target_version": version})
    return _version_changes(answer.document())


def change_api_version(remote: Remote, version: str) -> None:
    """Change the API version of a paused connection.

    Raises UnsafeChanges, StillSyncing, or Conflict where it is not paused.
    """
    rest = "actions/change-sf-api-version"
    try:
        heroku_connect.call(
            "POST",
            remote,
            rest,
            document={"target_version": version},
            reads=False,
        )
    except Conflict as refusal:
        raise _explained(refusal) from refusal


def _explained(refusal: Conflict) -> Conflict:
    """Return the specific error for Heroku Connect's 409, from its body."""
    body = refusal.document if isinstance(refusal.document, dict) else {}
    given = (refusal.system, refusal.status, refusal.message, refusal.request_id, refusal.code)
    # Both refusals are a 409 without a code; only the keys of the body differ.
    syncing = body.get("syncing_mappings")
    if isinstance(syncing, list):
        still = StillSyncing(*given)
        still.objects = tuple(str(each) for each in syncing)
        return still
    if isinstance(body.get("mappings"), list):
        unsafe = UnsafeChanges(*given)
        unsafe.changes = _version_changes(JsonObject(body, lambda _: refusal))
        return unsafe
    return refusal


def _version_changes(document: JsonObject) -> tuple[VersionChange, ...]:
    return tuple(
        VersionChange(
            object_name=each.string("name"),
            changed=each.raw.get("fields_have_changed") is True,
            unsafe=each.raw.get("has_unsafe_changes") is True,
            undetermined=each.raw.get("action_undetermined") is True,
            # Heroku Connect separates the sentences by line breaks.
            text=" ".join(each.string_or_blank("result_message").split()),
        )
        for each in document.objects("mappings")
    )


# --- one mapping ----------------------------------------------------------------------------------


def replace_mapping(
    remote: Remote, mapping_id: str, object_name: str, config: Mapping[str, Any]
) -> None:
    """Overwrite a mapping; `config` holds the revision that it was read with.

    Raises Conflict if the mapping was changed after it was read.
    """
    document = {"object_name": object_name, "config": dict(config)}
    heroku_connect.call_region(
        "PUT", remote, _mapping_path(mapping_id), document=document, reads=False
    )


def delete_mapping(remote: Remote, mapping_id: str) -> bool:
    """Delete a mapping; False if it was already deleted. Safe to repeat."""
    try:
        heroku_connect.call_region("DELETE", remote, _mapping_path(mapping_id), reads=False)
    except NotFound:
        return False
    return True


def reload_mapping(remote: Remote, mapping_id: str) -> None:
    """Reload a mapping's table."""
    heroku_connect.call_region(
        "POST", remote, _mapping_path(mapping_id, "actions/reload"), reads=False
    )


def diagnose_mapping(remote: Remote, mapping_id: str) -> MappingDiagnosis:
    """Run Heroku Connect's check of one mapping and return the result."""
    path = _mapping_path(mapping_id, "validations")
    document = heroku_connect.call_region("GET", remote, path).document()
    return MappingDiagnosis(_messages(document, "errors"), _messages(document, "warnings"))


def _messages(document: JsonObject, pile: str) -> tuple[str, ...]:
    found = document.objects(pile) if pile in document.raw else []
    return tuple(
        f"{each.string_or_blank('display_name')}: {each.string_or_blank('message')}"
        for each in found
    )


def _mapping_path(mapping_id: str, rest: str = "") -> str:
    path = f"/api/v3/mappings/{segment(mapping_id)}"
    return f"{path}/{rest}" if rest else path
