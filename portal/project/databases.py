"""How long a process waits for the database: web answers people, the worker may take longer."""

from collections.abc import Mapping
from datetime import timedelta

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


def limit(limits: Limits) -> None:
    """Set the limits of all later connections of this process and its children."""
    options = connections.settings[DEFAULT_DB_ALIAS].setdefault("OPTIONS", {})
    given = [f"-c {name}={span // timedelta(milliseconds=1)}" for name, span in limits.items()]
    # What DATABASE_URL says comes last, and wins.
    own = options.get("options", "")
    options["options"] = " ".join([*given, own]).strip()
    connections.close_all()
