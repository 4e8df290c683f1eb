"""Following a change in the org, for one tenant: comparing now, and correcting its mappings."""

from typing import Any

from django.db import transaction

from connect.clients import heroku_mappings, http
from connect.clients.accounts import remote_of
from connect.formats import counted
from connect.health import refresh as health
from connect.mappings import corrections, drift
from connect.mappings.drift import Look
from connect.models import (
    OPEN_STATUSES,
    Connection,
    Drift,
    DriftState,
    Mapping,
    RolloutItem,
    Stage,
)
from connect.operations import mapping as mappings
from connect.operations.base import Done, Failed, Operation, Options, Skip, by_name
from connect.runner.lease import Claim


def _refusal_to_compare(connection: Connection) -> str:
    if connection.stage != Stage.LIVE:
        return "it is not live"
    at_work = RolloutItem.objects.filter(connection=connection, status__in=OPEN_STATUSES).first()
    return f"roll-out {at_work.rollout_id} is not done with it" if at_work else ""


def _compare(claim: Claim, actor: str, options: Options) -> Done:
    found = drift.compare(claim.connection)
    if found.error:
        raise Failed(found.error)
    differences = counted(len(found.changes), "difference")
    changes = counted(len(found.org_changes), "change")
    return Done(f"{differences} from its version, {changes} in the org.")


def _refusal_to_correct(connection: Connection) -> str:
    row = Drift.objects.filter(connection=connection).first()
    if row is None or not drift.faults(row):
        return "nothing in its org asks for other mappings"
    return _refusal_to_compare(connection)


def _correct(claim: Claim, actor: str, options: Options) -> Done:
    """Change the tenant's own mappings, and accept that they differ from the version."""
    row = Drift.objects.get(connection=claim.connection)
    if row.fingerprint != options["fingerprint"]:
        raise Skip("the differences have changed: reload the page")
    health.refresh(claim.connection)
    changed = [name for each in claim.connection.mappings.all() if (name := _one(claim, row, each))]
    text = f"{', '.join(changed) or 'nothing more'} changed for this tenant alone."
    health.refresh(claim.connection)
    if why := _accept(drift.look(claim.connection), actor, options["reason"]):
        raise Failed(f"{text} That it may differ is not stored: {why} Try again.")
    return Done(text)


@transaction.atomic
def _accept(seen: Look, actor: str, reason: str) -> str:
    """Store a comparison and accept its differences; return why not, or ""."""
    # In one transaction: after a comparison alone, nothing would ask for the correction again.
    compared = drift.note(seen)
    if not compared.error and compared.state == DriftState.DRIFTED:
        drift.accept(compared.pk, compared.fingerprint, actor, reason)
    return compared.error


def _one(claim: Claim, row: Drift, mapping: Mapping) -> str:
    """Correct one mapping; return its object, or "" if it needs no correction."""
    name, before = mapping.object_name, _document(mapping)
    after = corrections.corrected(before, drift.faults(row))
    if after == before:
        return ""
    remote = remote_of(claim.connection)
    if not after["mappings"]:
        heroku_mappings.delete_mapping(remote, mapping.mapping_id)
        return name
    config = after["mappings"][0]["config"]
    faults = mappings.faults(claim, mapping, config)
    if faults:
        raise Failed(" ".join(each.explained for each in faults))
    try:
        heroku_mappings.replace_mapping(remote, mapping.mapping_id, name, config)
    except http.Conflict as conflict:
        raise Failed(
            f"{name} was changed by somebody else at the same time. Try again."
        ) from conflict
    return name


def _document(mapping: Mapping) -> dict[str, Any]:
    return {"mappings": [{"object_name": mapping.object_name, "config": mapping.config}]}


OPERATIONS = by_name(Operation("compare", "Compare now", _refusal_to_compare, _compare))
# Offered where the differences are shown, and nowhere else.
CORRECT = Operation("correct", "Correct for this tenant", _refusal_to_correct, _correct)
