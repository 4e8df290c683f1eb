"""Heroku, Heroku Connect and Salesforce on this machine, for development and tests.

`with serve(Options(database_url=...)) as running:` serves it from threads of this process, at
`running.url`; with `Options(behaviour=INSTANT)` nothing waits. `python -m emulator` serves it as a
program. docs/emulator.md tells the rest.
"""

from emulator.server.running import Running, serve
from emulator.state.behaviour import INSTANT
from emulator.state.options import Options

__all__ = ["INSTANT", "Options", "Running", "serve"]
