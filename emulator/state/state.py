"""The world: everything the emulated systems know, in memory for speed and in Postgres to last."""

import threading
import uuid
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, TypeVar

import psycopg
from psycopg import sql

from emulator.connect.sync.tables import has_hstore
from emulator.org import ids
from emulator.org.objects import Field, SObject
from emulator.org.org import Org, User
from emulator.org.records import Record
from emulator.org.refusals import ValidationRule
from emulator.state.behaviour import Behaviour
from emulator.state.clock import Clock
from emulator.state.entities import (
    AddOn,
    AuthorizeLink,
    BilledDay,
    Code,
    Connection,
    Grant,
    Mapping,
    UsedSchema,
    Window,
    XPost,
)
from emulator.state.faults import Faults
from emulator.state.store import Databases, Store, from_document, to_document

Entity = (
    AddOn | Connection | Mapping | AuthorizeLink | Code | Grant | UsedSchema | XPost | BilledDay
)
Kind = TypeVar(
    "Kind",
    AddOn,
    Connection,
    Mapping,
    AuthorizeLink,
    Code,
    Grant,
    UsedSchema,
    XPost,
    BilledDay,
)

KINDS: dict[str, type[Any]] = {
    "addon": AddOn,
    "connection": Connection,
    "mapping": Mapping,
    "link": AuthorizeLink,
    "code": Code,
    "grant": Grant,
    "schema": UsedSchema,
    "x_post": XPost,
    "x_day": BilledDay,
}
_KIND_OF = {kind: name for name, kind in KINDS.items()}
CALLS_KEPT = 5000
LOCK_TIMEOUT = "5s"


@dataclass(frozen=True)
class Options:
    """How to start an emulator. `port` 0 picks a free one; `speed` multiplies every duration."""

    database_url: str
    app: str = "multiconnect-demo"
    callback: str = "http://127.0.0.1:5000/auth/salesforce/callback"
    host: str = "127.0.0.1"
    port: int = 0
    speed: float = 1
    client_id: str = "emulator-key"
    client_secret: str = "emulator-secret"  # noqa: S105 - a made-up app's, known to everybody
    behaviour: dict[str, Any] = field(default_factory=dict)


class World:
    """All state. `lock` guards what is looked up and then changed; `hold()` one connection."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.lock = threading.RLock()
        self.round = threading.Lock()
        self.databases = Databases()
        self.store = Store(self.databases, options.database_url)
        self.clock = Clock(options.speed)
        self.faults = Faults()
        self.calls: deque[dict[str, Any]] = deque(maxlen=CALLS_KEPT)
        with self.databases.connection(options.database_url) as conn:
            self.merged_writes = not has_hstore(conn)
        self._forget()
        self._load()
        self._apply_options()

    # -- entities --------------------------------------------------------------------------------

    @property
    def addons(self) -> dict[str, AddOn]:
        """Add-ons by id."""
        return self._shelves[AddOn]

    @property
    def connections(self) -> dict[str, Connection]:
        """Connections by id."""
        return self._shelves[Connection]

    @property
    def grants(self) -> dict[str, Grant]:
        """Salesforce token families by id."""
        return self._shelves[Grant]

    def get(self, kind: type[Kind], key: str) -> Kind | None:
        """Find an entity by id."""
        found: Kind | None = self._shelves[kind].get(key)
        return found

    def all(self, kind: type[Kind]) -> list[Kind]:
        """List the entities of a kind, oldest first."""
        return list(self._shelves[kind].values())

    def put(self, entity: Entity) -> None:
        """Keep an entity, new or changed."""
        with self.lock:
            self._shelves[type(entity)][entity.id] = entity
            if isinstance(entity, Mapping):
                self._mappings.setdefault(entity.connection_id, {})[entity.id] = entity
            self.store.put(_KIND_OF[type(entity)], entity.id, to_document(entity))

    def drop(self, entity: Entity) -> None:
        """Forget an entity."""
        with self.lock:
            self._shelves[type(entity)].pop(entity.id, None)
            if isinstance(entity, Mapping):
                self._mappings.get(entity.connection_id, {}).pop(entity.id, None)
            self.store.put(_KIND_OF[type(entity)], entity.id, None)

    def mappings_of(self, connection: Connection) -> list[Mapping]:
        """List a connection's mappings by object name."""
        found = list(self._mappings.get(connection.id, {}).values())
        return sorted(found, key=lambda each: each.object_name.lower())

    def connection_of(self, addon: AddOn) -> Connection | None:
        """Find the connection that belongs to an add-on."""
        return next((c for c in self.all(Connection) if c.addon_id == addon.id), None)

    def plan_of(self, connection: Connection) -> str:
        """Name the connection's plan without its service: `demo`, `enterprise`, `shield`."""
        addon = self.addons.get(connection.addon_id)
        return addon.plan.partition(":")[2] if addon else "demo"

    @contextmanager
    def hold(self, connection_id: str) -> Iterator[None]:
        """Be the only one to work on that connection. Take it before `lock`, never after."""
        with self.lock:
            lock = self._holds.setdefault(connection_id, threading.RLock())
        with lock:
            yield

    def number(self) -> int:
        """Count upwards for the integer ids that Heroku Connect shows beside its UUIDs."""
        with self.lock:
            self._serial += 1
            return self._serial

    # -- orgs ------------------------------------------------------------------------------------

    def add_org(self, org: Org) -> None:
        """Take an org in, and from now on keep what changes in it."""
        with self.lock:
            org.journal = self.store.put
            self.orgs[org.id] = org
            self.save_org(org)

    def save_org(self, org: Org) -> None:
        """Keep an org's own data; its records keep themselves."""
        document = {
            "id": org.id,
            "name": org.name,
            "environment": org.environment,
            "my_domain": org.my_domain,
            "namespace": org.namespace,
            "package_installed": org.package_installed,
            "package": org.package,
            "users": [asdict(each) for each in org.users],
            "objects": [asdict(each) for each in org.objects.values()],
            "rules": [asdict(each) for each in org.rules],
        }
        self.store.put("org", org.id, document)

    def new_org_id(self) -> str:
        """Make an 18-character org id that no org has."""
        with self.lock:
            return ids.make("00D", uuid.uuid4().int % 62**12)

    # -- Heroku's app ----------------------------------------------------------------------------

    def set_config(self, changes: dict[str, str | None]) -> None:
        """Set or with None remove config vars of the app."""
        with self.lock:
            for name, value in changes.items():
                if value is None:
                    self.config_vars.pop(name, None)
                else:
                    self.config_vars[name] = value
            self.store.put("app", self.options.app, {"config_vars": self.config_vars})

    # -- the tenants' databases ------------------------------------------------------------------

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
        """Keep the switches as they are now."""
        self.store.put("behaviour", "behaviour", asdict(self.behaviour))

    def save_clock(self) -> None:
        """Keep the clock's readings, so that a restart goes on from here."""
        readings = {"seconds": self.clock.seconds, "advanced": self.clock.advanced}
        self.store.put("clock", "clock", readings)

    def reset(self) -> None:
        """Forget everything, and drop the schemas that were made for connections.

        Raises psycopg.errors.LockNotAvailable when somebody keeps one of them locked.
        """
        with self.round, self.lock:
            schemas = [each.id for each in self.all(UsedSchema)]
            with self.databases.connection(self.options.database_url) as conn:
                conn.execute("SELECT set_config('lock_timeout', %s, false)", [LOCK_TIMEOUT])
                for name in schemas:
                    conn.execute(
                        sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(name))
                    )
                conn.execute("RESET lock_timeout")
            self.store.clear()
            self.faults.clear()
            self.calls.clear()
            self.clock.resume(0.0, 0.0)
            self._forget()

    def _forget(self) -> None:
        options = self.options
        self._shelves: dict[type[Any], dict[str, Any]] = {kind: {} for kind in KINDS.values()}
        self._mappings: dict[str, dict[str, Mapping]] = {}
        self._holds: dict[str, threading.RLock] = {}
        self._serial = 0
        self.orgs: dict[str, Org] = {}
        self.salesforce_calls: dict[str, int] = {}
        self.x_window = Window()
        self.config_vars: dict[str, str] = {"DATABASE_URL": options.database_url}
        self.behaviour = Behaviour()
        self._apply_options()
        self.api_calls_left = float(self.behaviour.rate_limit)
        self.api_calls_counted_at = self.clock.seconds

    def _apply_options(self) -> None:
        """What the program was started with wins over what an earlier start left behind."""
        self.behaviour.change(self.options.behaviour)
        if self.options.callback not in self.behaviour.callbacks:
            self.behaviour.callbacks.append(self.options.callback)

    def _load(self) -> None:
        documents = self.store.load()
        for kind, key, body in documents:
            self._revive(kind, key, body)
        for kind, key, body in documents:
            if kind == "record":
                _revive_record(self.orgs, key, body)
        for org in self.orgs.values():
            org.journal = self.store.put
        for mapping in self.all(Mapping):
            self._mappings.setdefault(mapping.connection_id, {})[mapping.id] = mapping
        connections = (each.number for each in self.all(Connection))
        self._serial = max((*connections, *(each.number for each in self.all(Mapping))), default=0)

    def _revive(self, kind: str, key: str, body: dict[str, Any]) -> None:
        if kind in KINDS:
            self._shelves[KINDS[kind]][key] = from_document(KINDS[kind], body)
        elif kind == "org":
            self.orgs[key] = _revive_org(body)
        elif kind == "app" and key == self.options.app:
            self.config_vars = {**body["config_vars"], "DATABASE_URL": self.options.database_url}
        elif kind == "behaviour":
            self.behaviour = from_document(Behaviour, body)
        elif kind == "clock":
            self.clock.resume(body["seconds"], body["advanced"])


def _revive_org(body: dict[str, Any]) -> Org:
    objects = [
        SObject(**{**each, "fields": tuple(Field(**one) for one in each["fields"])})
        for each in body.pop("objects")
    ]
    users = [User(**each) for each in body.pop("users")]
    rules = [ValidationRule(**each) for each in body.pop("rules")]
    org = Org(**body, users=users, rules=rules)
    org.set_objects(objects)
    return org


def _revive_record(orgs: dict[str, Org], key: str, body: dict[str, Any]) -> None:
    org_id, object_name, record_id = key.split("/")
    if org_id in orgs:
        orgs[org_id].restore(
            object_name,
            Record(
                record_id,
                body["values"],
                datetime.fromisoformat(body["created_at"]),
                datetime.fromisoformat(body["modified_at"]),
                body["deleted"],
            ),
        )
