"""A running emulator, as tests and benches use it: an address, and /control without a socket."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from werkzeug.test import Client

from emulator.server.application import Application
from emulator.server.serving import serve_world
from emulator.state.options import Options


class ControlError(Exception):
    """/control has refused a call; the text says why."""


class Running:
    """A served emulator. Its methods are calls of /control, made without a socket."""

    def __init__(self, url: str, options: Options, application: Application) -> None:
        self.url = url
        self.options = options
        self._application = application

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Call /control/<path> with a JSON body and return the answer's JSON, None without one.

        Raises ControlError for a status from 400 on.
        """
        client = Client(self._application)
        response = client.open(f"/control/{path}", method=method, json=body, base_url=self.url)
        if response.status_code >= 400:
            raise ControlError(f"{response.status_code}: {response.get_data(as_text=True)}")
        return response.get_json() if response.get_data() else None

    def reset(self) -> None:
        """Remove everything, and set the behaviour back."""
        self.control("POST", "reset")

    def advance(self, seconds: float) -> None:
        """Move the clock forward; everything that is due happens."""
        self.control("POST", "clock", {"advance": seconds})

    def behave(self, **switches: Any) -> None:
        """Change the behaviour."""
        self.control("POST", "behaviour", switches)

    def sync(self) -> None:
        """Do a whole round now: a poll both ways for every healthy connection."""
        self.control("POST", "sync")

    def fail(self, system: str, **fault: Any) -> None:
        """Activate a fault: {method, path, times, status, body, …}."""
        self.control("POST", "faults", {"system": system, **fault})

    def clear_faults(self) -> None:
        """Remove every fault."""
        self.control("DELETE", "faults")

    def calls(self) -> list[dict[str, Any]]:
        """The log of calls, oldest first: {at, system, method, path, status, request_id}."""
        found: list[dict[str, Any]] = self.control("GET", "calls")["calls"]
        return found

    def clear_calls(self) -> None:
        """Empty the log of calls."""
        self.control("DELETE", "calls")

    def apps(self) -> dict[str, dict[str, Any]]:
        """The apps by name, with how often each was released and restarted."""
        return {each["name"]: each for each in self.control("GET", "apps")["apps"]}

    def addons(self) -> list[dict[str, Any]]:
        """The add-ons, oldest first."""
        found: list[dict[str, Any]] = self.control("GET", "addons")["addons"]
        return found

    def connections(self) -> list[dict[str, Any]]:
        """The connections with their mappings, oldest first."""
        found: list[dict[str, Any]] = self.control("GET", "connections")["connections"]
        return found

    def connection(self, connection_id: str) -> dict[str, Any]:
        """One connection with its mappings."""
        found: dict[str, Any] = self.control("GET", f"connections/{connection_id}")
        return found

    def grants(self) -> list[dict[str, Any]]:
        """What users of the orgs have granted, revoked grants too, oldest first."""
        found: list[dict[str, Any]] = self.control("GET", "grants")["grants"]
        return found

    def org(self, org_id: str) -> dict[str, Any]:
        """One org with its users and counts."""
        found: dict[str, Any] = self.control("GET", f"orgs/{org_id}")
        return found

    def admin(self, org_id: str) -> str:
        """The org's administrator as the log-in pages' forms want it: <org id>/<user id>."""
        return f"{org_id}/{self.org(org_id)['users'][0]['id']}"

    def records(self, org_id: str, object_name: str) -> list[dict[str, Any]]:
        """An object's live records: the standard fields and the values, by API name."""
        path = f"orgs/{org_id}/records/{object_name}"
        found: list[dict[str, Any]] = self.control("GET", path)["records"]
        return found


@contextmanager
def serve(options: Options) -> Iterator[Running]:
    """Serve an emulator from threads of this process until the block ends."""
    with serve_world(options) as served:
        yield Running(served.url, options, served.application)
