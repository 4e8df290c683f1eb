"""Links the app's add-ons to the caller; before that, their connections are not shown."""

from emulator.heroku.checks import addons_of
from emulator.state.entities import App
from emulator.web.call import Call


def link_addons(call: Call, app: App) -> None:
    """Link every add-on of an app that is provisioned by now."""
    call.engine.settle_addons()
    for addon in addons_of(call.world, app):
        # Documented: the call has to be repeated for every add-on that is made later.
        if addon.state == "provisioned" and not addon.linked:
            addon.linked = True
            call.world.put(addon)
