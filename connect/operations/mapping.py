"""What staff can do to one mapping of one tenant."""

from typing import Any

from connect.clients import heroku_mappings, http
from connect.clients.accounts import remote_of
from connect.health import refresh as health
from connect.mappings import asking, drift, edits, last_seen, lint
from connect.models import OPEN_STATUSES, Connection, Mapping, RolloutItem
from connect.operations.base import Done, Failed, Operation, Options, Skip, by_name
from connect.runner.lease import Claim


def _refusal(connection: Connection) -> str:
    if not connection.connection_id or connection.offboarded_at:
        return "Heroku Connect does not know this connection"
    at_work = RolloutItem.objects.filter(connection=connection, status__in=OPEN_STATUSES).first()
    return f"roll-out {at_work.rollout_id} is not done with it" if at_work else ""


def _mapping(claim: Claim, options: Options) -> Mapping:
    """Return the mapping that is meant. Raises Skip if it has gone."""
    found = claim.connection.mappings.filter(object_name=options["object_name"]).first()
    if found is None:
        raise Skip(f"{options['object_name']} is no longer mapped")
    return found


def _reload(claim: Claim, actor: str, options: Options) -> Done:
    mapping = _mapping(claim, options)
    heroku_mappings.reload_mapping(remote_of(claim.connection), mapping.mapping_id)
    health.refresh(claim.connection)
    rows = mapping.rows_in_salesforce
    counted = f" Rows to read again (last count): {rows:,}." if rows else ""
    return Done(f"{mapping.object_name} is being loaded again.{counted}", is_started=True)


def _diagnose(claim: Claim, actor: str, options: Options) -> Done:
    mapping = _mapping(claim, options)
    found = heroku_mappings.diagnose_mapping(remote_of(claim.connection), mapping.mapping_id)
    said = [f"Error: {each}" for each in found.errors]
    said += [f"Warning: {each}" for each in found.warnings]
    return Done(f"{mapping.object_name}: {' '.join(said) or 'Heroku Connect finds nothing wrong.'}")


def _delete(claim: Claim, actor: str, options: Options) -> Done:
    mapping = _mapping(claim, options)
    heroku_mappings.delete_mapping(remote_of(claim.connection), mapping.mapping_id)
    _look_again(claim.connection)
    return Done(
        f"{mapping.object_name} is no longer mapped. Heroku Connect may have dropped its table; "
        "Salesforce keeps its records."
    )


def _look_again(connection: Connection) -> None:
    """Store the mappings as they are now, and how they differ from the connection's version."""
    health.refresh(connection)
    drift.store(connection, last_seen.document(connection))


def _edit(claim: Claim, actor: str, options: Options) -> Done:
    """Overwrite what the form shows, keeping the rest; only if nobody else changed it."""
    mapping = _mapping(claim, options)
    wanted = edits.edited(mapping.config, options["config"])
    found = faults(claim, mapping, wanted)
    if found:
        raise Failed(f"Nothing was sent. {' '.join(each.explained for each in found)}")
    address = (remote_of(claim.connection), mapping.mapping_id)
    # The revision of the page, not the current one: so a change in between is a conflict.
    changed = {**wanted, "revision": options["revision"]}
    try:
        heroku_mappings.replace_mapping(*address, mapping.object_name, changed)
    except http.Conflict as conflict:
        health.refresh(claim.connection)
        # Our own earlier call may have saved it, although its answer was lost.
        if edits.is_there(_mapping(claim, options).config, options["config"]):
            return _edited(claim, mapping, wanted)
        raise Failed(
            f"Nothing was saved: {mapping.object_name} was changed after the page was opened "
            f"(revision {options['revision']}). Open it again and repeat the change."
        ) from conflict
    return _edited(claim, mapping, wanted)


def _edited(claim: Claim, mapping: Mapping, wanted: dict[str, Any]) -> Done:
    _look_again(claim.connection)
    along = edits.gone_along(mapping.config, wanted)
    return Done(f"{mapping.object_name} is changed; Heroku Connect loads what is new.{along}")


def faults(claim: Claim, mapping: Mapping, config: dict[str, Any]) -> list[lint.Finding]:
    """Return the errors that a configuration of a mapping would have in the tenant's org."""
    connection, name = claim.connection, mapping.object_name
    document = {"mappings": [{"object_name": name, "config": config}]}
    asked = asking.ask(asking.of(connection), document)
    org = lint.OrgFacts(claim.tenant.namespace, asked)
    return lint.errors(lint.check(document, connection.plan, org))


REGISTRY: dict[str, Operation] = by_name(
    Operation("reload", "Reload", _refusal, _reload),
    Operation("diagnose", "Diagnose", _refusal, _diagnose),
    Operation("edit", "Edit fields", _refusal, _edit),
    Operation("delete", "Delete", _refusal, _delete),
)
