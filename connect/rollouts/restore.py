"""Bringing drifted tenants back to the version that each should have, by a roll-out."""

from collections.abc import Collection

from connect.mappings import drift
from connect.models import Connection, Drift, DriftState, MappingTemplate, Prune, Rollout
from connect.rollouts.creating import create


def bring_back(drift_ids: Collection[int], actor: str) -> Rollout:
    """Create a roll-out that restores each tenant's own version and deletes other mappings.

    Raises DriftRefused, and TransitionRefused if all of them are in a roll-out already.
    """
    drifted = Drift.objects.filter(
        pk__in=drift_ids, state__in=[DriftState.DRIFTED, DriftState.ACCEPTED]
    ).select_related("connection__template")
    targets: dict[int, MappingTemplate] = {
        each.connection_id: each.connection.template for each in drifted if each.connection.template
    }
    if not targets:
        raise drift.DriftRefused("None of them has drifted")
    rollout = Rollout(
        author=actor,
        notes="Restores each tenant's version.",
        canary_size=0,
        # An import deletes nothing, so added mappings would stay and be drift again.
        prune=Prune.ALL,
        starts_itself=True,
    )
    return create(rollout, Connection.objects.filter(pk__in=targets), targets)
