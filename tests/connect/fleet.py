"""Many live tenants at once: made in the emulator and the portal without their way to live."""

from dataclasses import dataclass
from typing import Any

from django.utils import timezone

import emulator as emulated
from connect.mappings import placeholders, templates
from connect.models import Connection, MappingTemplate, Rollout, RolloutItem, Stage
from connect.models import Mapping as SeenMapping
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
SEGMENT = {"name": "Segment__c", "type": "string", "length": 80}


def version(body: dict[str, Any]) -> MappingTemplate:
    """Store the next version."""
    return templates.add(body, author="mia", notes="", made_from="a test")


@dataclass
class Remote:
    """A connection at the emulated Heroku Connect."""

    running: emulated.Running
    id: str

    @property
    def seen(self) -> dict[str, Any]:
        return self.running.connection(self.id)

    @property
    def state(self) -> str:
        return str(self.seen["state"])

    @property
    def api_version(self) -> str:
        return str(self.seen["api_version"])

    def force(self, state: str, **mapping: str) -> None:
        """Force a state on the connection, or with `object_name` on a mapping."""
        body = {"state": state, **mapping}
        self.running.control("POST", f"connections/{self.id}/state", body)


@dataclass
class Member:
    """One tenant of the fleet, here and there."""

    connection: Connection
    remote: Remote
    org_id: str

    @property
    def tenant(self) -> Tenant:
        return self.connection.tenant

    def now(self) -> Connection:
        return Connection.objects.select_related("template").get(pk=self.connection.pk)


class Fleet:
    """Live tenants on one version, their orgs with SEGMENT on Account by default."""

    def __init__(self, running: emulated.Running, first: MappingTemplate) -> None:
        self.running = running
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
        org_id, namespace = who["org_id"], who.get("namespace", "")
        org = {"org_id": org_id, "name": who["name"], "namespace": namespace}
        records = {"Account": [{"Name": "Northwind"}]}
        self.running.control("POST", "orgs", {**org, "records": records})
        if not lacks_segment:
            self.running.control("POST", f"orgs/{org_id}/fields/Account", SEGMENT)
        there = self._there(org_id, namespace, plan)
        member = Member(self._here(who, there, cell), Remote(self.running, there["id"]), org_id)
        self.members.append(member)
        return member

    def _there(self, org_id: str, namespace: str, plan: str) -> dict[str, Any]:
        wanted = {
            "org_id": org_id,
            "name": f"hc-{org_id.lower()}",
            "plan": plan,
            "schema_name": f"sf_{org_id.lower()}_1",
            "api_version": "60.0",
            "mappings": placeholders.fill(self.first.document, namespace)["mappings"],
        }
        made: dict[str, Any] = self.running.control("POST", "connections", wanted)
        return made

    def _here(self, who: dict[str, str], there: dict[str, Any], cell: str) -> Connection:
        tenant = cast.enrol(who)
        connection = Connection.objects.create(
            tenant=tenant,
            stage=Stage.LIVE,
            host_app=cast.host_app(),
            next_attempt_at=None,
            addon_name=f"hc-{tenant.org_id.lower()}",
            addon_id=there["addon_id"],
            connection_id=there["id"],
            region_url=f"{self.running.url}/{cell}",
            plan=there["plan"],
            schema_name=there["schema_name"],
            organization_id=tenant.org_id,
            state="IDLE",
            api_version="60.0",
            template=self.first,
            live_at=timezone.now(),
        )
        SeenMapping.objects.bulk_create(
            SeenMapping(
                connection=connection,
                object_name=each["object_name"],
                mapping_id=each["id"],
                state=each["state"],
                access="read_only",
                config=each["config"],
                rows_in_database=each["counts"]["db"],
                rows_in_salesforce=each["counts"]["sf"],
            )
            for each in there["mappings"]
        )
        return connection

    # -- what a person does in the org ------------------------------------------------------------

    def add_field(self, member: Member, object_name: str, field: dict[str, Any]) -> None:
        """Add a field to an object of the org."""
        self.running.control("POST", f"orgs/{member.org_id}/fields/{object_name}", field)

    def remove_field(self, member: Member, object_name: str, name: str) -> None:
        """Remove a field from an object of the org."""
        self.running.control("DELETE", f"orgs/{member.org_id}/fields/{object_name}/{name}")

    # -- what was asked of Heroku Connect ---------------------------------------------------------

    def calls(self, method: str = "", path: str = "", status: int | None = None) -> int:
        """Count the calls that reached Heroku Connect, with any status unless one is given."""
        return sum(
            call["system"] == "region"
            and method in ("", call["method"])
            and path in call["path"]
            and status in (None, call["status"])
            for call in self.running.calls()
        )

    def mapped(self, member: Member) -> dict[str, set[str]]:
        """The live fields by object."""
        found = member.remote.seen["mappings"]
        return {each["object_name"]: set(each["config"]["fields"]) for each in found}


def items(rollout: Rollout) -> dict[str, int]:
    """How many items are in each status."""
    counts: dict[str, int] = {}
    for status in RolloutItem.objects.filter(rollout=rollout).values_list("status", flat=True):
        counts[status] = counts.get(status, 0) + 1
    return counts


def map_more(fleet: Fleet, member: Member, object_name: str, *fields: str) -> None:
    """Let somebody map a further object, or other fields of one, by hand at Heroku Connect."""
    path = f"connections/{member.remote.id}/mappings"
    body = {"object_name": object_name, "config": config(*fields)}
    fleet.running.control("POST", path, body)
