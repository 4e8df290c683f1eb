"""Deleting an add-on that no row uses. It costs money, and nothing else would end it."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db.models import Q

from connect import addons
from connect.clients import heroku
from connect.clients.heroku import Addon
from connect.inventory import act
from connect.inventory.act import HAS_ENDED, Act
from connect.models import Connection, Discrepancy, DiscrepancyKind
from connect.operations.base import Skip
from connect.provisioning.steps import offboarding

GONE = "It has gone from Heroku."
_KINDS = (DiscrepancyKind.ORPHAN, DiscrepancyKind.DOUBLED)


def refusal(found: Discrepancy) -> str:
    """Return "" if the add-on may be deleted, else the reason."""
    if found.ended_at:
        return HAS_ENDED
    if found.kind not in _KINDS:
        return "a connection of the portal uses it: off-board its tenant instead"
    return _refusal_of_use(found.addon_id, found.addon_name)


def look(found: Discrepancy) -> Addon:
    """Return the add-on as Heroku has it now. Raises Skip, and ends the discrepancy, without it."""
    addon = heroku.find_addon(settings.APP_NAME, found.addon_id)
    if addon is None:
        act.end(found, GONE)
        raise Skip("it has gone from Heroku")
    return addon


def _refusal_of_use(addon_id: str, name: str) -> str:
    uses = Q(addon_id=addon_id) | Q(addon_name=name)
    # A row that has not ordered yet will look for its add-on by this name.
    if owner := addons.owner_of(name):
        uses |= Q(tenant__org_id=owner.org_id, generation=owner.generation)
    row = Connection.objects.filter(uses, offboarded_at=None).select_related("tenant").first()
    return f"the connection of {row.tenant} uses it, or will" if row else ""


def _delete(found: Discrepancy, actor: str, options: Mapping[str, Any]) -> str:
    addon = look(found)
    # Asked with what Heroku says now: it may have got the name of one that is used.
    if why := _refusal_of_use(addon.id, addon.name):
        raise Skip(why)
    offboarding.delete_addon(addon.id)
    return "it is deleted at Heroku. Its schema in Postgres is kept."


DELETE = Act("Delete", refusal, _delete)
