"""Heroku, Heroku Connect, Salesforce and X on this machine, for development and tests.

`with serve(Options(database_url=...)) as running:` serves it from threads of this process, at
`running.url`; with `Options(behaviour=INSTANT)` nothing waits. `python -m emulator` serves it as a
program. These names and those of emulator.testing are all that other code may use;
docs/emulator.md documents them.
"""

from emulator.server.running import ControlError, Running, serve
from emulator.state.behaviour import INSTANT
from emulator.state.options import Options

__all__ = ["INSTANT", "ControlError", "Options", "Running", "serve"]
