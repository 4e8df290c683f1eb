"""Many live tenants at once: made in the emulator and the portal without their way to live."""

import uuid
from dataclasses import dataclass, replace
from typing import Any

from django.utils import timezone

import emulator as emulated
from connect.mappings import templates
from connect.models import Connection, MappingTemplate, Rollout, RolloutItem, Stage
from connect.models import Mapping as SeenMapping
from emulator.connect.engine import connections, mappings
from emulator.org import new_org
from emulator.org.objects import Field
from emulator.state import entities
from tenants import orgid
from tenants.models import Tenant
from tests import cast

PLAN = "herokuconnect:enterprise"
SYSTEM = ("Id", "CreatedDate", "SystemModstamp", "IsDeleted", "Name")


def config(*fields: str, **settings: Any) -> dict[str, Any]:
    """Return a mapping's configuration with the system fields and these."""
    return {
        "access": "read_only",
        "sf_polling_seconds": 600,
        "fields": {name: {} for name in (*SYSTEM, *fields)},
        "indexes": {},
        **settings,
    }


def document(**objects: dict[str, Any]) -> dict[str, Any]:
    """Return a document of objects by name."""
    mappings = [{"object_name": name, "config": each} for name, each in objects.items()]
    return {"version": 1, "mappings": mappings}


# Version 2 adds a field to Account and drops Contact.
FIRST = document(Account=config("Phone"), Contact=config("Email"))
SECOND = document(Account=config("Phone", "Segment__c"))
SEGMENT = Field("Segment__c", "string", 80)


def version(body: dict[str, Any]) -> MappingTemplate:
    """Store the next version."""
    return templates.add(body, author="mia", notes="", made_from="a test")


@dataclass
class Member:
    """One tenant of the fleet, here and there."""

    connection: Connection
    remote: entities.Connection
    org_id: str

    @property
    def tenant(self) -> Tenant:
        return self.connection.tenant

    def now(self) -> Connection:
        return Connection.objects.select_related("template").get(pk=self.connection.pk)


class Fleet:
    """Live tenants on one version, their orgs with SEGMENT on Account unless told otherwise."""

    def __init__(self, running: emulated.Running, first: MappingTemplate) -> None:
        self.running = running
        self.world = running.world
        self.first = first
        self.members: list[Member] = []

    def add(
        self,
        who: dict[str, str] | None = None,
        *,
        cell: str = "region",
        lacks_segment: bool = False,
        plan: str = PLAN,
    ) -> Member:
        """Make one more live tenant, one of the cast or a stranger."""
        number = len(self.members) + 1
        who = who or {
            "org_id": orgid.normalize(f"00D7f{number:010d}"),
            "name": f"Fleet {number}",
            "admin_email": f"it@fleet-{number}.example",
        }
        org = new_org.new_org(who["org_id"], who["name"], namespace=who.get("namespace", ""))
        account = org.objects["account"]
        if not lacks_segment:
            org.objects["account"] = replace(account, fields=(*account.fields, SEGMENT))
        self.world.add_org(org)
        org.create("Account", {"Name": "Northwind"}, self.world.clock.now())
        there = self._remote(org.id, plan)
        member = Member(self._here(who, there, cell, plan), there, org.id)
        self.members.append(member)
        return member

    def _remote(self, org_id: str, plan: str) -> entities.Connection:
        world, now = self.world, self.world.clock.now()
        key = str(uuid.uuid4())
        addon = entities.AddOn(
            id=key,
            name=f"hc-{org_id.lower()}",
            plan=plan,
            attachment_id=key,
            attachment_name=f"HC_{org_id}".upper(),
            config={},
            state="provisioned",
            ready_at=0,
            created_at=now,
            updated_at=now,
            linked=True,
        )
        world.put(addon)
        connection = connections.new_connection(world, addon)
        schema = f"sf_{org_id.lower()}_1"
        world.put(entities.UsedSchema(schema, connection.id, now))
        connection.agenda.append(
            {"at": 0, "step": "configured", "schema_name": schema, "db_key": "DATABASE_URL"}
        )
        self.running.engine.settle(connection)
        org = world.orgs[org_id]
        connections.authorize(world, connection, org, org.users[0])
        connection.api_version = "60.0"
        filled = templates.fill(self.first.document, org.namespace)
        for each in filled["mappings"]:
            wanted = {"sf_notify_enabled": False, "sf_max_daily_api_calls": 30_000}
            mappings.put_mapping(
                world, connection, each["object_name"], {**each["config"], **wanted}, at=0
            )
        self._load(connection)
        return connection

    def _load(self, connection: entities.Connection) -> None:
        """Let all the loading happen at once, whatever the behaviour's pace is by now."""
        while connection.agenda:
            connection.agenda[0]["at"] = 0
            self.running.engine.settle(connection)

    def _here(
        self, who: dict[str, str], there: entities.Connection, cell: str, plan: str
    ) -> Connection:
        tenant = cast.enrol(who)
        connection = Connection.objects.create(
            tenant=tenant,
            stage=Stage.LIVE,
            next_attempt_at=None,
            addon_name=f"hc-{tenant.org_id.lower()}",
            addon_id=there.addon_id,
            connection_id=there.id,
            region_url=f"{self.running.url}/{cell}",
            plan=plan,
            schema_name=there.schema_name or "",
            organization_id=tenant.org_id,
            state="IDLE",
            api_version="60.0",
            template=self.first,
            live_at=timezone.now(),
        )
        SeenMapping.objects.bulk_create(
            SeenMapping(
                connection=connection,
                object_name=each.object_name,
                mapping_id=each.id,
                state=each.state,
                access="read_only",
                config=each.config,
                rows_in_database=each.counts["db"],
                rows_in_salesforce=each.counts["sf"],
            )
            for each in self.world.mappings_of(there)
        )
        return connection

    # -- what was asked of Heroku Connect ---------------------------------------------------------

    def calls(self, method: str = "", path: str = "", status: int | None = None) -> int:
        """How many calls reached Heroku Connect, whatever came of them unless a status is given."""
        return sum(
            call["system"] == "region"
            and method in ("", call["method"])
            and path in call["path"]
            and status in (None, call["status"])
            for call in list(self.world.calls)
        )

    def mapped(self, member: Member) -> dict[str, set[str]]:
        """The live fields by object."""
        found = self.world.mappings_of(member.remote)
        return {each.object_name: set(each.config["fields"]) for each in found}


def items(rollout: Rollout) -> dict[str, int]:
    """How many items are in each status."""
    counts: dict[str, int] = {}
    for status in RolloutItem.objects.filter(rollout=rollout).values_list("status", flat=True):
        counts[status] = counts.get(status, 0) + 1
    return counts


def map_more(fleet: Fleet, member: Member, object_name: str, *fields: str) -> None:
    """Let somebody map a further object, or other fields of one, by hand at Heroku Connect."""
    wanted = config(*fields, sf_notify_enabled=False, sf_max_daily_api_calls=30_000)
    mappings.put_mapping(fleet.world, member.remote, object_name, wanted, at=0)
    fleet._load(member.remote)
