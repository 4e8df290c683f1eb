"""The motor: makes happen what is due, on each tick and before each answer that could show it."""

import sys
import threading
import traceback

import psycopg

from emulator.connect.engine import agenda, polling, steps
from emulator.connect.engine.listener import Listener
from emulator.state.entities import AddOn, Connection
from emulator.state.world import World

CLOCK_SAVED_EVERY = 10  # ticks


class Engine:
    """Runs one world. Threads may share it: each connection is worked on by one at a time."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.listener = Listener(world)
        self._ticks = 0

    def run(self, stop: threading.Event, every: float) -> None:
        """Tick until told to stop, `every` real seconds."""
        while not stop.wait(every):
            try:
                self.tick()
            except psycopg.OperationalError as error:
                print(f"Postgres does not answer: {error}", file=sys.stderr)
            except Exception:
                traceback.print_exc(file=sys.stderr)
        self.listener.close()

    def tick(self) -> None:
        """Let everything happen that is due by now."""
        with self.world.round:
            self.settle_addons()
            self.listener.listen()
            for connection in self.world.all(Connection):
                if agenda.is_due(self.world, connection) or polling.is_due(self.world, connection):
                    self._work(connection, everything=False)
            self._ticks += 1
            if self._ticks % CLOCK_SAVED_EVERY == 0:
                self.world.save_clock()
            self.world.store.flush()

    def sync(self) -> None:
        """Do a whole round now: what is due, and a poll both ways of all healthy connections."""
        with self.world.round:
            self.settle_addons()
            for connection in self.world.all(Connection):
                self._work(connection, everything=True)
            self.world.store.flush()

    def settle(self, connection: Connection) -> None:
        """Let happen what is due for one connection, polls aside."""
        with self.world.hold(connection.id):
            steps.run(self.world, connection)

    def settle_addons(self) -> None:
        """Finish the provisioning of add-ons whose time has come."""
        world = self.world
        with world.lock:
            for addon in world.all(AddOn):
                if addon.state == "provisioning" and addon.ready_at <= world.clock.seconds:
                    self._provisioned(addon)

    def remove(self, connection: Connection) -> None:
        """Forget a connection and its mappings; its tables stay."""
        for mapping in self.world.mappings_of(connection):
            self.world.drop(mapping)
        connection.agenda.clear()
        self.world.drop(connection)

    def _provisioned(self, addon: AddOn) -> None:
        world = self.world
        addon.updated_at = world.clock.now()
        if world.behaviour.provisioning_fails:
            addon.state = "deprovisioned"
            world.put(addon)
            return
        addon.state = "provisioned"
        world.put(addon)
        steps.new_connection(world, addon)

    def _work(self, connection: Connection, *, everything: bool) -> None:
        with self.world.hold(connection.id):
            if connection.id not in self.world.connections:
                return
            steps.run(self.world, connection)
            polling.run(self.world, connection, everything=everything)
