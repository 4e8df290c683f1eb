"""The emulator's /control, over HTTP."""

from typing import Any, cast

import requests

from demo.cast import Org
from demo.failure import Failed


class Emulator:
    """The emulator's /control."""

    def __init__(self, url: str) -> None:
        self.url = f"{url}/control"
        self.session = requests.Session()
        # A proxy of the environment must not stand between here and 127.0.0.1.
        self.session.trust_env = False

    def call(self, method: str, path: str, document: Any = None) -> Any:
        """Make one call and return its JSON. Raises Failed on a refusal."""
        answer = self.session.request(method, f"{self.url}{path}", json=document, timeout=30)
        if not answer.ok:
            raise Failed(f"the emulator refused {method} {path}: {answer.text}")
        return answer.json() if answer.content else None

    def ensure_app(self, name: str) -> None:
        """Make an app without code, with the database attached, unless it is there."""
        if name not in {each["name"] for each in self.call("GET", "/apps")["apps"]}:
            databases = {"DATABASE": "postgresql-emulated"}
            self.call("POST", "/apps", {"name": name, "databases": databases})

    def ensure_org(self, org: Org) -> None:
        """Make the org unless it is there."""
        if org.org_id in {each["id"] for each in self.call("GET", "/orgs")["orgs"]}:
            return
        document = {
            "org_id": org.org_id,
            "name": org.name,
            "environment": org.environment,
            "my_domain": org.my_domain,
            "namespace": org.namespace,
            "admin_email": org.email,
            "records": org.records,
        }
        self.call("POST", "/orgs", document)

    def records(self, org: Org, object_name: str) -> list[dict[str, Any]]:
        """List an object's records in the org."""
        found = self.call("GET", f"/orgs/{org.org_id}/records/{object_name}")["records"]
        return cast(list[dict[str, Any]], found)
