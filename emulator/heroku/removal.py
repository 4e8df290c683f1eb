"""Removing add-ons and apps, with what belongs to them. Tables stay in Postgres."""

from emulator.heroku.attached import attachments_of
from emulator.heroku.checks import addons_of
from emulator.state.entities import AddOn, App
from emulator.web.call import Call


def remove_addon(call: Call, addon: AddOn, seconds: float = 0) -> None:
    """Remove an add-on and its connection; it is `deprovisioning` for so many seconds."""
    world = call.world
    connection = world.connection_of(addon)
    # Before the lock, because world.hold() must not be taken inside it.
    if connection is not None:
        call.engine.remove(connection)
    with world.lock:
        for each in attachments_of(world, addon):
            world.set_config(each.app, {f"{each.name}_URL": None})
        if addon.state == "deprovisioning" and seconds:
            return
        if seconds:
            addon.state = "deprovisioning"
            addon.gone_at = world.clock.seconds + seconds
            world.put(addon)
        else:
            world.drop(addon)
            addon.state = "deprovisioned"


def remove_app(call: Call, app: App) -> None:
    """Remove an app with the add-ons that it pays for, and its attachments of others."""
    world = call.world
    for addon in addons_of(world, app):
        remove_addon(call, addon)
    with world.lock:
        for addon in world.all(AddOn):
            kept = [each for each in addon.attachments if each["app_id"] != app.id]
            if kept != addon.attachments:
                addon.attachments = kept
                world.put(addon)
        world.drop(app)
