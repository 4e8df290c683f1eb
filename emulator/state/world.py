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
from emulator.state import apps
from emulator.state.behaviour import Behaviour
from emulator.state.clock import Clock
from emulator.state.databases import Databases, has_hstore
from emulator.state.documents import from_document
from emulator.state.entities import Account, App, Connection, RateWindow, UsedSchema
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
        self._ensure_own_app()

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

    # -- Heroku's apps and their databases -------------------------------------------------------

    @property
    def own_app(self) -> App:
        """The app that runs the portal."""
        return next(each for each in self.all(App) if each.name == self.options.app)

    @property
    def database_addons(self) -> dict[str, str]:
        """The addresses of the Postgres add-ons that apps can attach, by name."""
        return {apps.FIRST_DATABASE: self.options.database_url, **self.options.databases}

    def account_of(self, token: str) -> Account:
        """Return the account that a token belongs to."""
        known = self.all(Account)
        return next((each for each in known if token in each.tokens), known[0])

    def app_of(self, connection: Connection) -> App:
        """Return the app that owns a connection's add-on; the portal's own once that has gone."""
        addon = self.addons.get(connection.addon_id)
        return self.apps[addon.app_id] if addon else self.own_app

    def set_config(self, app: App, changes: dict[str, str | None]) -> None:
        """Set config vars of an app, which is a release; None removes one."""
        with self.lock:
            apps.set_config(app, changes)
            self.put(app)

    def release(self, app: App) -> None:
        """Count a release of an app, as when an add-on has set its config vars."""
        with self.lock:
            apps.release(app)
            self.put(app)

    def database_url(self, connection: Connection) -> str:
        """The Postgres URL that the connection's `db_key` names."""
        config_vars = self.app_of(connection).config_vars
        return config_vars.get(connection.db_key or "") or self.options.database_url

    @contextmanager
    def database(self, connection: Connection) -> Iterator[psycopg.Connection[Any]]:
        """Lend a Postgres connection to the database that `db_key` names."""
        if self.behaviour.database_away:
            raise psycopg.OperationalError("connection refused: the switch database_away is on")
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
            self._ensure_own_app()

    def _drop_schemas(self, names: list[str]) -> None:
        for url in self.database_addons.values():
            self._drop_from(url, names)

    def _drop_from(self, url: str, names: list[str]) -> None:
        with self.databases.connection(url) as conn:
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
        self.behaviour = Behaviour()
        self._apply_options()

    def _ensure_own_app(self) -> None:
        """Make the first account and the portal's own app, if there are none yet."""
        if not self.all(Account):
            self.add(apps.first_account(self.behaviour, self.clock))
        owner = self.all(Account)[0].id
        if not any(each.name == self.options.app for each in self.all(App)):
            own = apps.new_app(self.options.app, owner, self.clock.now())
            own.dynos = apps.OWN_DYNOS
            own.databases = {"DATABASE": apps.FIRST_DATABASE}
            self.add(own)
        # Today's Postgres may have another address than the one of the last start.
        for app in self.all(App):
            for attachment, name in app.databases.items():
                app.config_vars[f"{attachment}_URL"] = self.database_addons.get(name, "")

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
        elif kind == "behaviour":
            self.behaviour = from_document(Behaviour, body)
        elif kind == "sent":
            self.sent[key] = body["sfid"]
        elif kind == "clock":
            self.clock.resume(body["seconds"], body["advanced"])
