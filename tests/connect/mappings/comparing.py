"""The linter beside the emulated Heroku Connect: what one passes, the other must take."""

from dataclasses import dataclass, field
from typing import Any

import requests

from connect.mappings import asking, diff, lint
from connect.models import Connection
from tests.connect.fleet import Fleet, Member

WAIT = 10  # seconds
Objects = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class Verdict:
    """What both say of a document: the objects that each refuses or spoils.

    `refused_all`: Heroku Connect refuses the whole import, or loses it.
    """

    linted: set[str]
    spoiled: set[str]
    refused_all: bool = False
    findings: list[lint.Finding] = field(default_factory=list)

    @property
    def agrees(self) -> bool:
        if self.refused_all:
            return bool(self.linted)
        return self.linted == self.spoiled


class Bench:
    """One live connection whose org and mappings are replaced for each comparison."""

    def __init__(self, fleet: Fleet, member: Member) -> None:
        self.fleet, self.member = fleet, member
        self.session = requests.Session()
        self.session.headers["Authorization"] = "Bearer HRKU-token"

    @property
    def connection(self) -> Connection:
        return self.member.connection

    def give(self, objects: Objects) -> None:
        """Let the org have these objects, with these fields only."""
        body = {"objects": [{"name": name, "fields": each} for name, each in objects.items()]}
        self.fleet.running.control("POST", f"orgs/{self.member.org_id}/objects", body)

    def facts(self, document: dict[str, Any], namespace: str = "") -> lint.OrgFacts:
        """Ask the org what the linter may know of it."""
        return lint.OrgFacts(namespace, asking.ask(asking.of(self.connection), document))

    def compare(self, document: dict[str, Any]) -> Verdict:
        """Lint a document, import it, and return what both say."""
        self._clear()
        found = lint.check(document, self.connection.plan, self.facts(document))
        linted = {each.object_name.lower() for each in lint.errors(found)}
        answer = self._call("POST", "/actions/import", document)
        live = {"mappings": self._mappings()}
        if answer.status_code == requests.codes.bad_request or not live["mappings"]:
            return Verdict(linted, set(), refused_all=True, findings=found)
        assert answer.ok, answer.text
        spoiled = {each["object_name"].lower() for each in live["mappings"] if _broken(each)}
        spoiled |= {each.object_name.lower() for each in diff.compare(live, document)}
        return Verdict(linted, spoiled, findings=found)

    def _call(self, method: str, path: str, body: Any = None) -> requests.Response:
        base = f"{self.connection.region_url}/api/v3"
        url = f"{base}/connections/{self.connection.connection_id}{path}"
        if path.startswith("/mappings/"):
            url = base + path
        return self.session.request(method, url, json=body, timeout=WAIT)

    def _mappings(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._call("GET", "?deep=true").json()["mappings"]
        return found

    def _clear(self) -> None:
        for each in self._mappings():
            self._call("DELETE", f"/mappings/{each['id']}")


def _broken(mapping: dict[str, Any]) -> bool:
    return bool(mapping["state"] != "DATA_SYNCED")
