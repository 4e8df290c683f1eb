"""Serves an emulator from threads of this process."""

import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

import psycopg

from emulator.connect.engine.engine import ConnectEngine
from emulator.server.application import Application
from emulator.server.http_server import HttpServer
from emulator.state.options import Options
from emulator.state.world import World

TICK_SECONDS = 0.15
STOP_CHECK_SECONDS = 0.05  # how often the server checks whether to stop


@dataclass
class Served:
    """A served emulator from inside, for the emulator's own tests."""

    url: str
    world: World
    engine: ConnectEngine
    application: Application


@contextmanager
def serve_world(options: Options) -> Iterator[Served]:
    """Serve an emulator until the block ends."""
    world = World(options)
    if world.merged_writes:
        print("No hstore in this Postgres: Connect runs in merged-writes mode.", file=sys.stderr)
    engine = ConnectEngine(world)
    application = Application(world, engine)
    with closing(world.databases), HttpServer(options.host, options.port, application) as server:
        stop = threading.Event()
        threads = [
            threading.Thread(target=server.serve_forever, args=(STOP_CHECK_SECONDS,), daemon=True),
            threading.Thread(target=engine.run, args=(stop, TICK_SECONDS), daemon=True),
        ]
        for thread in threads:
            thread.start()
        try:
            yield Served(server.url, world, engine, application)
        finally:
            # Both threads must end before the databases close.
            stop.set()
            server.shutdown()
            server.hang_up()
            for thread in threads:
                thread.join()
            _save(world)


def _save(world: World) -> None:
    try:
        world.save_clock()
        world.store.flush()
    except psycopg.OperationalError as error:
        print(f"The last changes were not kept: {error}", file=sys.stderr)
