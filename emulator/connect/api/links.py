"""Links the app's add-ons to the caller; before that, their connections are not shown."""

from emulator.state.entities import AddOn
from emulator.web.call import Call


def link_addons(call: Call) -> None:
    """Link every add-on that is provisioned by now."""
    call.engine.settle_addons()
    for addon in call.world.all(AddOn):
        # Documented: the call has to be repeated for every add-on that is made later.
        if addon.state == "provisioned" and not addon.linked:
            addon.linked = True
            call.world.put(addon)
