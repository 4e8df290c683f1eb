"""What was changed again since a run changed it: an undo leaves that out."""

import json
from collections.abc import Mapping

from django.db.models import Q, QuerySet

from portal.actions import opposites
from portal.models import BulkItem, BulkRun
from portal.outcomes import CHANGED


def changed(run: BulkRun) -> QuerySet[BulkItem]:
    """Return the items of a run whose targets it changed."""
    return run.items.filter(status__in=CHANGED)


def in_turn(run: BulkRun, item: BulkItem) -> str:
    """Return why an item of a run that undoes another is left out by now, or ""."""
    if run.undoes is None:
        return ""
    undone = changed(run.undoes).filter(tenant=item.tenant_id, target=item.target)
    found = undone.first()
    return why(found, later(run.undoes, undone, run)) if found else ""


def later(run: BulkRun, items: QuerySet[BulkItem], *undoing: BulkRun) -> dict[str, BulkItem]:
    """Return the last change of the same thing at each target, after its run had begun.

    What a run that undoes it has changed itself is not meant.
    """
    found = BulkItem.objects.filter(
        Q(tenant__in=items.values("tenant")) | Q(tenant=None),
        run__model=run.model,
        run__action__in=opposites.family(run.action),
        status__in=CHANGED,
        ended_at__gt=run.created_at,
    ).exclude(run__in=[run, *undoing])
    return {_key(each): each for each in found.select_related("run").order_by("ended_at", "pk")}


def why(item: BulkItem, later: Mapping[str, BulkItem]) -> str:
    """Return who has changed an item's target since, as a reason, or ""."""
    found = later.get(_key(item))
    if not found or not item.ended_at or not found.ended_at or found.ended_at <= item.ended_at:
        return ""
    return f"{found.run.actor} pressed “{found.run.label}” on it since"


def _key(item: BulkItem) -> str:
    """Return what an item is about: a tenant has one owner for all its connections."""
    return json.dumps([item.tenant_id, item.target, item.before.get("tag")], sort_keys=True)
