"""The entities of all systems, in memory for speed and in the store to survive a restart."""

import threading
from typing import Any, TypeVar

from emulator.state.documents import from_document, to_document
from emulator.state.entities import (
    Account,
    AddOn,
    App,
    AuthorizeLink,
    BilledDay,
    Code,
    Connection,
    Grant,
    Mapping,
    UsedSchema,
    XPost,
)
from emulator.state.store import Store

Entity = (
    Account
    | App
    | AddOn
    | Connection
    | Mapping
    | AuthorizeLink
    | Code
    | Grant
    | UsedSchema
    | XPost
    | BilledDay
)
Kind = TypeVar(
    "Kind",
    Account,
    App,
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

# The names under which the store keeps them.
KINDS: dict[str, type[Any]] = {
    "account": Account,
    "heroku_app": App,
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
_NAME_OF = {kind: name for name, kind in KINDS.items()}
_UNSETTLED = ("provisioning", "deprovisioning")


class Registry:
    """Entities by kind and id. `lock` guards what is looked up and then changed."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.lock = threading.RLock()
        self.forget_entities()

    @property
    def apps(self) -> dict[str, App]:
        """Apps by id."""
        return self._by_kind[App]

    @property
    def addons(self) -> dict[str, AddOn]:
        """Add-ons by id."""
        return self._by_kind[AddOn]

    @property
    def connections(self) -> dict[str, Connection]:
        """Connections by id."""
        return self._by_kind[Connection]

    @property
    def grants(self) -> dict[str, Grant]:
        """Salesforce grants by id."""
        return self._by_kind[Grant]

    def get(self, kind: type[Kind], key: str) -> Kind | None:
        """Find an entity by id."""
        found: Kind | None = self._by_kind[kind].get(key)
        return found

    def all(self, kind: type[Kind]) -> list[Kind]:
        """List the entities of a kind, oldest first."""
        # A copy, because other threads add entities while the caller goes over it.
        return list(self._by_kind[kind].values())

    def add(self, entity: Account | App) -> None:
        """Keep what every start makes in the same way, in memory alone."""
        self._by_kind[type(entity)][entity.id] = entity

    def put(self, entity: Entity) -> None:
        """Keep an entity, new or changed."""
        with self.lock:
            self._by_kind[type(entity)][entity.id] = entity
            if isinstance(entity, Mapping):
                self._mappings.setdefault(entity.connection_id, {})[entity.id] = entity
            if isinstance(entity, AddOn):
                self._note_state(entity)
            self.store.put(_NAME_OF[type(entity)], entity.id, to_document(entity))

    def drop(self, entity: Entity) -> None:
        """Remove an entity."""
        with self.lock:
            self._by_kind[type(entity)].pop(entity.id, None)
            if isinstance(entity, Mapping):
                self._mappings.get(entity.connection_id, {}).pop(entity.id, None)
            if isinstance(entity, AddOn):
                self._unsettled.pop(entity.id, None)
            self.store.put(_NAME_OF[type(entity)], entity.id, None)

    def _note_state(self, addon: AddOn) -> None:
        if addon.state in _UNSETTLED:
            self._unsettled[addon.id] = addon
        else:
            self._unsettled.pop(addon.id, None)

    def unsettled_addons(self) -> list[AddOn]:
        """List the add-ons that are being made or removed. Every call asks: most are neither."""
        return list(self._unsettled.values())

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

    def next_number(self) -> int:
        """Count up for the integer ids that Heroku Connect shows beside its UUIDs."""
        with self.lock:
            self._last_number += 1
            return self._last_number

    def forget_entities(self) -> None:
        """Empty the memory; the store is left alone."""
        self._by_kind: dict[type[Any], dict[str, Any]] = {kind: {} for kind in KINDS.values()}
        self._mappings: dict[str, dict[str, Mapping]] = {}
        self._unsettled: dict[str, AddOn] = {}
        self._last_number = 0

    def restore_entity(self, name: str, key: str, document: dict[str, Any]) -> None:
        """Put a stored entity back after a restart."""
        entity = from_document(KINDS[name], document)
        self._by_kind[KINDS[name]][key] = entity
        if isinstance(entity, Mapping):
            self._mappings.setdefault(entity.connection_id, {})[key] = entity
        if isinstance(entity, AddOn):
            self._note_state(entity)
        if isinstance(entity, (Connection, Mapping)):
            self._last_number = max(self._last_number, entity.number)
