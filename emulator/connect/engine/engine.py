"""The engine: does what is due, on each tick and before each answer that could show it."""

import sys
import threading
import traceback

import psycopg

from emulator.connect.engine import agenda, connections, due, polling, resume, steps
from emulator.connect.engine.listener import Listener
from emulator.state.entities import AddOn, Connection
from emulator.state.world import World

TICKS_BETWEEN_SAVES = 10  # of the clock


class ConnectEngine:
    """Runs one world. Threads may share it: one at a time works on a connection."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.listener = Listener(world)
        self._ticks = 0
        resume.pick_up(world)

    def run(self, stop: threading.Event, every: float) -> None:
        """Tick until `stop` is set; `every` is in real seconds."""
        while not stop.wait(every):
            try:
                self.tick()
            except psycopg.OperationalError as error:
                print(f"Postgres does not answer: {error}", file=sys.stderr)
            except Exception:
                traceback.print_exc(file=sys.stderr)
        self.listener.close()

    def tick(self) -> None:
        """Do everything that is due by now."""
        with self.world.round:
            self.settle_addons()
            # Before the loop, so that a write that was just heard is pushed in this tick.
            self.listener.listen()
            for connection in self.world.all(Connection):
                # Asked without the connection's lock, because almost none has anything to do.
                if agenda.is_due(self.world, connection) or due.work_is_due(self.world, connection):
                    self._work(connection, everything=False)
            self._ticks += 1
            if self._ticks % TICKS_BETWEEN_SAVES == 0:
                self.world.save_clock()
            self.world.save()

    def sync(self) -> None:
        """Do a whole round now: what is due, and a poll both ways of all healthy connections."""
        with self.world.round:
            self.settle_addons()
            for connection in self.world.all(Connection):
                self._work(connection, everything=True)
            self.world.save()

    def settle(self, connection: Connection) -> None:
        """Run the steps of one connection that are due; no polls."""
        with self.world.hold(connection.id):
            steps.run_due_steps(self.world, connection)

    def settle_addons(self) -> None:
        """Finish the provisioning and the end of add-ons that are due."""
        world = self.world
        with world.lock:
            for addon in world.unsettled_addons():
                if addon.state == "provisioning" and addon.ready_at <= world.clock.seconds:
                    self._finish_provisioning(addon)
                if addon.state == "deprovisioning" and addon.gone_at <= world.clock.seconds:
                    world.drop(addon)

    def remove(self, connection: Connection) -> None:
        """Remove a connection and its mappings; its tables stay."""
        with self.world.hold(connection.id):
            connections.remove(self.world, connection)

    def _finish_provisioning(self, addon: AddOn) -> None:
        world = self.world
        addon.updated_at = world.clock.now()
        failed = world.behaviour.provisioning_fails
        addon.state = "deprovisioned" if failed else "provisioned"
        world.put(addon)
        if not failed:
            world.release(world.apps[addon.app_id])
            connections.new_connection(world, addon)

    def _work(self, connection: Connection, *, everything: bool) -> None:
        with self.world.hold(connection.id):
            # It may have been removed while this thread waited for it.
            if connection.id not in self.world.connections:
                return
            steps.run_due_steps(self.world, connection)
            polling.run(self.world, connection, everything=everything)
