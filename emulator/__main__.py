"""`python -m emulator`: serves the emulator until Ctrl-C or SIGTERM."""

import argparse
import signal
import threading

from emulator import Options, serve


def main() -> None:
    """Read the command line and serve."""
    defaults = Options(database_url="")
    parser = argparse.ArgumentParser(prog="python -m emulator", description=__doc__)
    parser.add_argument("--database-url", required=True, help="the Postgres that tenants sync to")
    parser.add_argument(
        "--database",
        action="append",
        default=[],
        metavar="NAME=URL",
        help="a further Postgres add-on that apps can attach",
    )
    parser.add_argument("--app", default=defaults.app, help="name of the Heroku app")
    parser.add_argument("--callback", default=defaults.callback, help="registered redirect URI")
    parser.add_argument("--host", default=defaults.host)
    parser.add_argument("--port", type=int, default=5050)
    parser.add_argument(
        "--speed", type=float, default=defaults.speed, help="durations run this many times faster"
    )
    parser.add_argument("--client-id", default=defaults.client_id)
    parser.add_argument("--client-secret", default=defaults.client_secret)
    arguments = vars(parser.parse_args())
    arguments["databases"] = dict(each.split("=", 1) for each in arguments.pop("database"))
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with serve(Options(**arguments)) as running:
        # A program that has started the emulator reads this line from a pipe, and waits for it.
        print(f"Emulator ready: {running.url}/control/", flush=True)
        stop.wait()


if __name__ == "__main__":
    main()
