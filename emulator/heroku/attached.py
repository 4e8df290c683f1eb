"""Attachments as they are: which add-on an app has under which name.

Heroku Connect's add-ons and Postgres add-ons are kept in different places; here they are alike.
"""

from datetime import datetime
from typing import NamedTuple

from emulator.state.apps import stable_id
from emulator.state.entities import AddOn, App
from emulator.state.world import World


class Attached(NamedTuple):
    """One attachment. `app` has the add-on; `addon` is the name of it if it is a Postgres one."""

    id: str
    name: str
    app: App
    addon: AddOn | str
    at: datetime

    def owner(self, world: World) -> App:
        """The app that pays for the add-on."""
        if isinstance(self.addon, str):
            return payer_of(world, self.addon) or self.app
        return world.apps[self.addon.app_id]

    @property
    def addon_name(self) -> str:
        """The name of the add-on."""
        return self.addon if isinstance(self.addon, str) else self.addon.name

    @property
    def addon_id(self) -> str:
        """The id of the add-on."""
        return stable_id(self.addon) if isinstance(self.addon, str) else self.addon.id


def payer_of(world: World, database: str) -> App | None:
    """Return the app that pays for a Postgres add-on: the first that has it. None if none has."""
    return next((each for each in world.all(App) if database in each.databases.values()), None)


def attached_to(world: World, app: App) -> list[Attached]:
    """List what is attached to an app, the Postgres add-ons last."""
    addons = [
        each
        for addon in world.all(AddOn)
        for each in attachments_of(world, addon)
        if each.app is app
    ]
    return addons + [
        Attached(stable_id(f"{app.name}/{name}"), name, app, addon, app.created_at)
        for name, addon in app.databases.items()
    ]


def attachments_of(world: World, addon: AddOn) -> list[Attached]:
    """List the attachments of an add-on, the first one first."""
    return [
        Attached(
            each["id"],
            each["name"],
            world.apps[each["app_id"]],
            addon,
            datetime.fromisoformat(each["at"]),
        )
        for each in addon.attachments
    ]


def names_in(world: World, app: App) -> set[str]:
    """The names of attachments that an app uses."""
    return {each.name for each in attached_to(world, app)}


def value_of(world: World, addon: AddOn | str) -> str | None:
    """The value of an attachment's config var; a connection has none before it is configured."""
    if isinstance(addon, str):
        return world.database_addons[addon]
    connection = world.connection_of(addon)
    configured = connection is not None and connection.schema_name is not None
    return f"{connection.db_key}:{connection.schema_name}" if connection and configured else None
