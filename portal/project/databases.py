"""How long a process waits for the database: web answers people, the worker may take longer."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections

Limits = Mapping[str, timedelta]

WEB: Limits = {
    "lock_timeout": timedelta(seconds=5),
    # Heroku's router gives up after 30 seconds, and the query would go on for nobody.
    "statement_timeout": timedelta(seconds=20),
    "idle_in_transaction_session_timeout": timedelta(seconds=30),
}
# A task is stopped after this time in any case (settings.TASK_TIMEOUT).
TASK = timedelta(seconds=120)
WORKER: Limits = {
    "lock_timeout": timedelta(seconds=30),
    "statement_timeout": TASK,
    "idle_in_transaction_session_timeout": TASK,
}


class OwnTables:
    """The portal's own tables are in the default database alone; the others are the tenants'."""

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        """Return whether a table of an app may be made in a database."""
        return db == DEFAULT_DB_ALIAS


def limit(limits: Limits) -> None:
    """Set the limits of all later connections of this process and its children."""
    given = [f"-c {name}={span // timedelta(milliseconds=1)}" for name, span in limits.items()]
    # Our queries have many parts and read few rows: compiling one takes seconds and saves nothing.
    given.append("-c jit=off")
    for database in connections.settings.values():
        options = database.setdefault("OPTIONS", {})
        # What the address itself says comes last, and wins.
        options["options"] = " ".join([*given, options.get("options", "")]).strip()
    connections.close_all()
