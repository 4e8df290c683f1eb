"""The world: all state of the emulated systems."""

import threading
import uuid
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import psycopg
from psycopg import sql

from emulator.org import ids
from emulator.org.org import Org
from emulator.state.behaviour import Behaviour
from emulator.state.clock import Clock
from emulator.state.databases import Databases, has_hstore
from emulator.state.documents import from_document
from emulator.state.entities import Connection, RateWindow, UsedSchema
from emulator.state.faults import Faults
from emulator.state.options import Options
from emulator.state.org_documents import org_document, read_org, restore_record
from emulator.state.registry import KINDS, Registry
from emulator.state.store import Store

MAX_CALLS = 5000  # the log of calls keeps this many
# Without it, DROP SCHEMA would wait for a test that has left a transaction open.
LOCK_TIMEOUT = "5s"


class World(Registry):
    """All state. `lock` guards what is looked up and then changed; `hold()` one connection;
    `round` lets one round of the engine run at a time."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.round = threading.Lock()
        self.databases = Databases()
        super().__init__(Store(self.databases, options.database_url))
        self.clock = Clock(options.speed)
        self.faults = Faults()
        self.calls: deque[dict[str, Any]] = deque(maxlen=MAX_CALLS)
        with self.databases.connection(options.database_url) as conn:
            self._has_hstore = has_hstore(conn)
        self._start_empty()
        self._load()
        self._apply_options()

    @property
    def merged_writes(self) -> bool:
        """Whether new connections run in merged-writes mode."""
        return self.behaviour.merged_writes or not self._has_hstore

    @contextmanager
    def hold(self, connection_id: str) -> Iterator[None]:
        """Be the only one who works on a connection. Take it before `lock`, never after."""
        with self.lock:
            lock = self._connection_locks.setdefault(connection_id, threading.RLock())
        with lock:
            yield

    # -- orgs ------------------------------------------------------------------------------------

    def add_org(self, org: Org) -> None:
        """Add an org, and from now on store what changes in it."""
        with self.lock:
            org.journal = self.store.put
            self.orgs[org.id] = org
            self.save_org(org)

    def save_org(self, org: Org) -> None:
        """Store an org's own data; its records are stored by its journal."""
        self.store.put("org", org.id, org_document(org))

    def new_org_id(self) -> str:
        """Make an 18-character org id that no org has."""
        with self.lock:
            return ids.make("00D", uuid.uuid4().int % 62**12)

    # -- Heroku's app and its databases ----------------------------------------------------------

    def set_config(self, changes: dict[str, str | None]) -> None:
        """Set config vars of the app; None removes one."""
        with self.lock:
            for name, value in changes.items():
                if value is None:
                    self.config_vars.pop(name, None)
                else:
                    self.config_vars[name] = value
            self.store.put("app", self.options.app, {"config_vars": self.config_vars})

    def database_url(self, connection: Connection) -> str:
        """The Postgres URL that the connection's `db_key` names."""
        return self.config_vars.get(connection.db_key or "") or self.options.database_url

    @contextmanager
    def database(self, connection: Connection) -> Iterator[psycopg.Connection[Any]]:
        """Lend a Postgres connection to the database that `db_key` names."""
        with self.databases.connection(self.database_url(connection)) as conn:
            yield conn

    # -- the whole -------------------------------------------------------------------------------

    def save_behaviour(self) -> None:
        """Store the switches as they are now."""
        self.store.put("behaviour", "behaviour", asdict(self.behaviour))

    def put_sent(self, key: str, sfid: str | None) -> None:
        """Store that an org has taken a write, or forget it."""
        self.store.put("sent", key, None if sfid is None else {"sfid": sfid})

    def save(self) -> None:
        """Write what has changed, with the clock: what is scheduled counts from its readings."""
        if self.store.has_changes:
            self.save_clock()
        self.store.flush()

    def save_clock(self) -> None:
        """Store the clock's readings, so that a restart goes on from here."""
        readings = {"seconds": self.clock.seconds, "advanced": self.clock.advanced}
        self.store.put("clock", "clock", readings)

    def reset(self) -> None:
        """Remove everything, and drop the schemas that were made for connections.

        Raises psycopg.errors.LockNotAvailable when another session has one of them locked.
        """
        # No round of the engine may work in a schema that is being dropped.
        with self.round, self.lock:
            # First, because it may be refused, and then nothing is lost.
            self._drop_schemas([each.id for each in self.all(UsedSchema)])
            self.store.clear()
            self.faults.clear()
            self.calls.clear()
            self.clock.resume(0.0, 0.0)
            self._start_empty()

    def _drop_schemas(self, names: list[str]) -> None:
        with self.databases.connection(self.options.database_url) as conn:
            # For the session, because each statement is a transaction of its own here.
            conn.execute("SELECT set_config('lock_timeout', %s, false)", [LOCK_TIMEOUT])
            for name in names:
                drop = sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(name))
                conn.execute(drop)
            conn.execute("RESET lock_timeout")

    def _start_empty(self) -> None:
        self.forget_entities()
        self._connection_locks: dict[str, threading.RLock] = {}
        self.orgs: dict[str, Org] = {}
        self.sent: dict[str, str] = {}
        self.salesforce_calls: dict[str, int] = {}
        self.x_window = RateWindow()
        self.config_vars: dict[str, str] = {"DATABASE_URL": self.options.database_url}
        self.behaviour = Behaviour()
        self._apply_options()
        self.api_calls_left = float(self.behaviour.rate_limit)
        self.api_calls_counted_at = self.clock.seconds

    def _apply_options(self) -> None:
        """The options of this start win over what an earlier start stored."""
        self.behaviour.change(self.options.behaviour)
        if self.options.callback not in self.behaviour.callbacks:
            self.behaviour.callbacks.append(self.options.callback)

    def _load(self) -> None:
        documents = self.store.load()
        for kind, key, body in documents:
            self._restore(kind, key, body)
        # Records come second, because they need their org.
        for kind, key, body in documents:
            if kind == "record":
                restore_record(self.orgs, key, body)
        # The journal comes last, or restoring would write everything again.
        for org in self.orgs.values():
            org.journal = self.store.put

    def _restore(self, kind: str, key: str, body: dict[str, Any]) -> None:
        if kind in KINDS:
            self.restore_entity(kind, key, body)
        elif kind == "org":
            self.orgs[key] = read_org(body)
        elif kind == "app" and key == self.options.app:
            # Today's Postgres may have another address than the one of the last start.
            self.config_vars = {**body["config_vars"], "DATABASE_URL": self.options.database_url}
        elif kind == "behaviour":
            self.behaviour = from_document(Behaviour, body)
        elif kind == "sent":
            self.sent[key] = body["sfid"]
        elif kind == "clock":
            self.clock.resume(body["seconds"], body["advanced"])
