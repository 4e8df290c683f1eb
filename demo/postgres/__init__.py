"""A private PostgreSQL for the demo, the tests and the benches: found, started, and stopped.

`start(directory)` gives a server whose data stays there; `start_for_tests()` gives the URL of a
throw-away database. PostgreSQL refuses to run as root, so root's server runs as `postgres` or
`nobody`. A server ends with the process that started it, even when that process is killed.
"""

from demo.postgres.binaries import find_binaries, wheel_binaries
from demo.postgres.errors import PostgresError
from demo.postgres.server import Server, start, start_for_tests

__all__ = [
    "PostgresError",
    "Server",
    "find_binaries",
    "start",
    "start_for_tests",
    "wheel_binaries",
]
