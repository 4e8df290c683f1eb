"""What a handler may ask of the engine, so that no system needs to import Heroku Connect's."""

from typing import Protocol

from emulator.state.entities import Connection


class Engine(Protocol):
    """Does what is due. emulator.connect.engine implements it."""

    def tick(self) -> None:
        """Do everything that is due by now."""

    def sync(self) -> None:
        """Do a whole round now: what is due, and a poll both ways of all healthy connections."""

    def settle(self, connection: Connection) -> None:
        """Run the steps of one connection that are due; no polls."""

    def settle_addons(self) -> None:
        """Finish the provisioning and the end of add-ons that are due."""

    def remove(self, connection: Connection) -> None:
        """Remove a connection and its mappings; its tables stay."""
