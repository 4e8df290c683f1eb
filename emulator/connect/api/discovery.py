"""Heroku Connect's discovery service: which connections there are, and in which region.

Source: Heroku's Connect command-line plugin and the Dev Center's "Heroku Connect API".
"""

from typing import Any

from werkzeug.wrappers import Response

from emulator.connect.api.links import link_addons
from emulator.connect.api.system import cell_of
from emulator.heroku.checks import visible_app
from emulator.state.entities import AddOn, App, Connection
from emulator.web.answers import answer, refuse
from emulator.web.call import Call
from emulator.web.routing import System
from emulator.web.tokens import account_of, bearer_accepted

REGIONS = {"us": {"flag": "united-states", "label": "Region (US)"}}
CELL = "emulated-us"
SYNC = "1"  # addon_type of connections that sync; Heroku has ended the other kind
CELL_LABEL = "Emulated cell (US)"


def _failed(status: int, description: str) -> Response:
    return answer({"message": description}, status)


def _before(call: Call) -> Response | None:
    if bearer_accepted(call):
        return None
    return answer({"message": "Invalid credentials provided."}, 401)


SYSTEM = System("central", _failed, _before)


@SYSTEM.route("/auth/<app>", "POST")
def link(call: Call, app: str) -> Response:
    """Give the caller access to the app's add-ons that are provisioned by now."""
    owner = visible_app(call, app)
    if owner is None:
        refuse(answer({"message": "Not found."}, 404))
    link_addons(call, owner)
    found = _summaries(call, owner.name)
    return answer(
        {
            "user": {"id": "emulated-user", "email": account_of(call).id},
            "connections": found,
            **_regions_and_cells(call, found),
        }
    )


@SYSTEM.route("/connections")
def list_connections(call: Call) -> Response:
    """List the linked connections, of an app and by add-on name when these are given."""
    app, resource = call.request.args.get("app"), call.request.args.get("resource_name")
    found = _summaries(call, app)
    if call.request.args.get("addon_type", SYNC) != SYNC:
        found = []
    if resource is not None:
        found = [each for each in found if each["resource_name"] == resource]
    return answer(
        {
            "results": found,
            **_regions_and_cells(call, found),
            # The keys for pages exist, but Heroku's own client never follows them.
            "next": None,
            "previous": None,
            "count": len(found),
        }
    )


def _summaries(call: Call, app: str | None) -> list[dict[str, Any]]:
    """Show the linked connections of an app, or of all that the caller sees."""
    call.engine.settle_addons()
    world, account = call.world, account_of(call).id
    apps = {each.id for each in world.all(App) if each.account_id == account}
    if app is not None:
        owner = visible_app(call, app)
        apps = {owner.id} if owner else set()
    # "By default no users are on an add-on": without a link it is not listed.
    by_addon = {each.addon_id: each for each in world.all(Connection)}
    return [
        _summary(call, addon, by_addon[addon.id])
        for addon in world.all(AddOn)
        if addon.linked and addon.id in by_addon and addon.app_id in apps
    ]


def _summary(call: Call, addon: AddOn, connection: Connection) -> dict[str, Any]:
    app = call.world.apps[addon.app_id]
    region = f"{call.base}/{cell_of(call.world, connection)}"
    return {
        "id": connection.id,
        "resource_name": addon.name,
        "display_name": app.name,
        "addon_type": "Sync",
        "app_name": app.name,
        "app_id": app.id,
        "region": "us",
        "region_url": region,
        "region_flag": "united-states",
        "region_label": "Region (US)",
        "cell_label": CELL_LABEL,
        "cell": CELL,
        # Absolute here but relative in a connection's detail, as in Heroku's fixtures.
        "detail_url": f"{region}/api/v3/connections/{connection.id}",
    }


def _regions_and_cells(call: Call, found: list[dict[str, Any]]) -> dict[str, Any]:
    """The regions and cells of the connections that were found; empty without any."""
    if not found:
        return {"regions": {}, "cells": {}}
    cell = {"url": f"{call.base}/region", "flag": "united-states", "label": CELL_LABEL}
    return {"regions": REGIONS, "cells": {CELL: cell}}
