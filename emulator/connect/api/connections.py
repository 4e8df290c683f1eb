"""Connections: listed, shown, linked."""

from werkzeug.wrappers import Response

from emulator.connect.api.connection_document import connection_json
from emulator.connect.api.links import link_addons
from emulator.connect.api.opening import is_visible, opened
from emulator.connect.api.system import API, CONNECTION, SYSTEM, error
from emulator.heroku.checks import visible_app
from emulator.state.entities import Connection
from emulator.web.answers import answer, refuse
from emulator.web.call import Call


@SYSTEM.route(f"{API}/connections")
def list_connections(call: Call) -> Response:
    """List connections with their details: an older call that every region still answers."""
    world, args = call.world, call.request.args
    call.engine.settle_addons()
    found = [each for each in world.all(Connection) if is_visible(call, each)]
    if "app" in args:
        app = visible_app(call, args["app"])
        found = [each for each in found if app and world.addons[each.addon_id].app_id == app.id]
    if "resource_name" in args:
        wanted = args["resource_name"]
        found = [each for each in found if world.addons[each.addon_id].name == wanted]
    if "resource_id" in args:
        found = [each for each in found if each.addon_id == args["resource_id"]]
    for each in found:
        call.engine.settle(each)
    deep = call.flag("deep")
    results = [connection_json(world, call.base, each, deep=deep) for each in found]
    return answer({"count": len(results), "results": results})


@SYSTEM.route(CONNECTION)
def show(call: Call, connection_id: str) -> Response:
    """Show a connection; `deep=true` adds its mappings."""
    with opened(call, connection_id) as connection:
        return answer(connection_json(call.world, call.base, connection, deep=call.flag("deep")))


@SYSTEM.route(f"{API}/users/me/apps/<app>/auth", "POST")
def link(call: Call, app: str) -> Response:
    """Link the app to the caller: the older form of discovery's POST /auth."""
    owner = visible_app(call, app)
    if owner is None:
        refuse(error(404, "Not found."))
    link_addons(call, owner)
    # The old clients that use this call read nothing but the status.
    return answer({})
