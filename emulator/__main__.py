"""`python -m emulator`: serves the emulator until Ctrl-C or SIGTERM."""

import argparse
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from demo import postgres
from emulator import Options, serve

DATA = Path(".state") / "emulator"
DESCRIPTION = """\
Heroku's Platform API, Heroku Connect, Salesforce and X on this machine, over a real PostgreSQL.

Without any option it starts a PostgreSQL of its own, whose files stay in .state/emulator: its state
survives the end of the emulator, also by kill -9.
"""
EPILOG = """\
Point a client at it:
  Platform API     http://127.0.0.1:5050/heroku      (or without /heroku)
  Heroku Connect   http://127.0.0.1:5050/central     (CONNECT_DISCOVERY_SERVER of the plugin)
  Salesforce       http://127.0.0.1:5050/salesforce/login.salesforce.com
  X                http://127.0.0.1:5050/x
Look at it, break it, move its clock:
  http://127.0.0.1:5050/control/

docs/emulator-tour.md is a tour of ten minutes with curl; docs/emulator.md has everything.
"""


def main() -> None:
    """Read the command line and serve."""
    arguments = vars(_parser().parse_args())
    arguments["databases"] = dict(each.split("=", 1) for each in arguments.pop("database"))
    data = arguments.pop("data")
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with _database(arguments.pop("database_url"), data) as url:
        options = Options(database_url=url, **arguments)
        with serve(options) as running:
            # A program that has started the emulator reads this line from a pipe, and waits for it.
            print(f"Emulator ready: {running.url}/control/", flush=True)
            stop.wait()


@contextmanager
def _database(url: str, data: Path) -> Iterator[str]:
    """Yield the address of the database; without one, that of a server of our own."""
    if url:
        yield url
        return
    try:
        server = postgres.start(data)
    except postgres.PostgresError as error:
        sys.exit(f"{error}\nName another folder with --data, or a database with --database-url.")
    try:
        yield server.ensure_database("emulator")
    finally:
        server.stop()


def _parser() -> argparse.ArgumentParser:
    defaults = Options(database_url="")
    parser = argparse.ArgumentParser(
        prog="python -m emulator",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--database-url", default="", metavar="URL", help="the Postgres that tenants sync to")
    files = f"files of its own Postgres ({DATA})"
    add("--data", type=Path, default=DATA, metavar="FOLDER", help=files)
    add(
        "--database",
        action="append",
        default=[],
        metavar="NAME=URL",
        help="a further Postgres add-on that apps can attach; may be given several times",
    )
    add("--app", default=defaults.app, help=f"name of the Heroku app ({defaults.app})")
    add("--callback", default=defaults.callback, metavar="URL", help="registered redirect URI")
    add("--host", default=defaults.host, help=f"where it listens ({defaults.host})")
    add("--port", type=int, default=5050, help="5050; 0 takes a free one")
    add("--speed", type=float, default=defaults.speed, help="waits run so many times faster (1)")
    add("--client-id", default=defaults.client_id, help="of the connected app in Salesforce")
    add("--client-secret", default=defaults.client_secret, help="the secret of that app")
    return parser


if __name__ == "__main__":
    main()
