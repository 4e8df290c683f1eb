"""Deleting an add-on that no row uses. It costs money, and nothing else would end it."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Q

from connect import addons
from connect.clients import heroku
from connect.clients.accounts import App, app_of_host
from connect.clients.heroku import Addon
from connect.inventory import act
from connect.inventory.act import HAS_ENDED, Act
from connect.models import Connection, Discrepancy, DiscrepancyKind
from connect.operations.base import Failed, Skip

GOING = ("deprovisioning", "deprovisioned")
GONE = "It has gone from Heroku."
_KINDS = (DiscrepancyKind.ORPHAN, DiscrepancyKind.DOUBLED)


def refusal(found: Discrepancy) -> str:
    """Return "" if the add-on may be deleted, else the reason."""
    if found.ended_at:
        return HAS_ENDED
    if found.kind not in _KINDS:
        return "a connection of the portal uses it: off-board its tenant instead"
    return _refusal_of_use(found.addon_id, found.addon_name)


def app_of_found(found: Discrepancy) -> App:
    """Return the app that owns the add-on of a discrepancy. Raises Skip if it is not known."""
    if found.host_app is None:
        raise Skip("its host app is not known: compare again")
    return app_of_host(found.host_app)


def look(found: Discrepancy) -> Addon:
    """Return the add-on as Heroku has it now. Raises Skip, and ends the discrepancy, without it."""
    addon = heroku.find_addon(app_of_found(found), found.addon_id)
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
    app = app_of_found(found)
    heroku.delete_addon(app, addon.id)
    left = heroku.find_addon(app, addon.id)
    if left and left.state not in GOING:
        raise Failed("Heroku has not deleted it. Try again in a minute.")
    done = "Heroku is removing it." if left else "it is deleted at Heroku."
    return f"{done} Its schema in Postgres is kept."


DELETE = Act("Delete", refusal, _delete)
