"""Deleting what a version no longer maps, and ending the work on a tenant."""

import time

from django.utils import timezone

from connect.clients import heroku_mappings
from connect.mappings import drift, last_seen, placeholders
from connect.mappings.documents import MappingDocument
from connect.models import MappingTemplate, Prune, WaitingOn
from connect.rollouts.claim import ItemClaim
from connect.rollouts.sending import target_of
from connect.runner.outcomes import Done, Facts, StepOutcome, Wait
from connect.runner.run import RUN_SECONDS


def prune(claim: ItemClaim) -> StepOutcome:
    """Delete the mappings that are not to stay, where the roll-out asks for it."""
    stop_at = time.monotonic() + RUN_SECONDS
    names = objects_to_delete(claim, last_seen.document(claim.connection))
    rows = [row for row in claim.connection.mappings.all() if row.object_name.lower() in names]
    for row in rows:
        if time.monotonic() > stop_at:
            return Wait(timezone.now(), "the deletion of further mappings", WaitingOn.PORTAL)
        heroku_mappings.delete_mapping(claim.remote, row.mapping_id)
        row.delete()  # at once, so that a retry does not delete it at Heroku Connect again
    deleted = ", ".join(row.object_name for row in rows)
    pruned = f" Deleted: {deleted}." if rows else ""
    return Done(f"{target_of(claim)} is there and loaded.{pruned}")


def objects_to_delete(claim: ItemClaim, live: MappingDocument) -> set[str]:
    """Return the lower-case names of the objects to delete; none is in the version itself."""
    policy = claim.rollout.prune
    if policy == Prune.KEEP:
        return set()
    wanted = _objects_of(claim, target_of(claim))
    if policy == Prune.ALL:
        return _names(live) - wanted
    # After a retry the connection may already have the new version; the item remembers the old.
    before = claim.item.came_from or claim.connection.template
    return _objects_of(claim, before) - wanted if before else set()


def _objects_of(claim: ItemClaim, template: MappingTemplate) -> set[str]:
    return _names(placeholders.fill(template.document, claim.tenant.namespace))


def _names(document: MappingDocument) -> set[str]:
    return {each["object_name"].lower() for each in document["mappings"]}


def finish(claim: ItemClaim) -> Facts:
    """Store the drift and return the new facts of the connection."""
    template = target_of(claim)
    # Set before the comparison, which is with this version.
    claim.connection.template = template
    drift.store(claim.connection, last_seen.document(claim.connection))
    return {"template": template}
