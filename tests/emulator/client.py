"""A client of the served emulator: what a portal, a subscriber and a tester do."""

from typing import Any, LiteralString

import psycopg
import requests

from emulator.server.serving import Served

WAIT = 10  # seconds
APP = "multiconnect-test"
CALLBACK = "http://portal.example/auth/salesforce/callback"
ACME = "00DB00000002NDmMAM"
BOREALIS = "00D3h0000008cPbEAI"
SYSTEM_FIELDS = ("CreatedDate", "Id", "IsDeleted", "Name", "SystemModstamp")
HEROKU = {
    "Authorization": "Bearer HRKU-token",
    "Accept": "application/vnd.heroku+json; version=3",
}


class Emulated:
    """One emulator and a session with it."""

    def __init__(self, running: Served) -> None:
        self.running = running
        self.world = running.world
        self.session = requests.Session()
        self.session.headers.update(HEROKU)

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        """Send a request to a path or URL; redirects are not followed."""
        url = path if path.startswith("http") else self.running.url + path
        return self.session.request(method, url, timeout=WAIT, allow_redirects=False, **options)

    def get(self, path: str, **options: Any) -> requests.Response:
        """GET."""
        return self.call("GET", path, **options)

    def post(self, path: str, **options: Any) -> requests.Response:
        """POST."""
        return self.call("POST", path, **options)

    def control(self, path: str, body: Any = None) -> Any:
        """POST to /control and return the answer's JSON."""
        answer = self.post(f"/control/{path}", json={} if body is None else body)
        assert answer.ok, answer.text
        return answer.json()

    def behave(self, **switches: Any) -> None:
        """Change the behaviour."""
        self.control("behaviour", switches)

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.control("clock", {"advance": seconds})

    def sync(self) -> None:
        """Poll both ways now."""
        self.control("sync")

    def org(self, org_id: str = ACME, **more: Any) -> dict[str, Any]:
        """Make an org."""
        made: dict[str, Any] = self.control("orgs", {"org_id": org_id, "name": "Acme", **more})
        return made

    def running_apps(self) -> dict[str, dict[str, Any]]:
        """The apps by name, with how often each was released and restarted."""
        return {each["name"]: each for each in self.get("/control/apps").json()["apps"]}

    # -- Heroku and Connect ----------------------------------------------------------------------

    def addon(self, name: str = "hc-acme", **more: Any) -> requests.Response:
        """Ask for an add-on."""
        body = {"plan": "herokuconnect:demo", "name": name, **more}
        return self.post(f"/heroku/apps/{APP}/addons", json=body)

    def addons(self, answer: requests.Response) -> list[dict[str, Any]]:
        """The add-ons of Heroku Connect in a list of add-ons; the app has one of Postgres too."""
        listed: list[dict[str, Any]] = answer.json()
        return [each for each in listed if each["addon_service"]["name"] == "herokuconnect"]

    def linked(self, name: str = "hc-acme", **more: Any) -> str:
        """Make and link an add-on; return the URL of its connection."""
        assert self.addon(name, **more).status_code == 201
        found = self.post(f"/central/auth/{APP}").json()["connections"]
        return str(next(each["detail_url"] for each in found if each["resource_name"] == name))

    def configured(self, name: str = "hc-acme", schema: str = "sf_acme_1", **more: Any) -> str:
        """Make, link and configure; return the URL of the connection."""
        url = self.linked(name, **more)
        body = {"schema_name": schema, "db_key": "DATABASE_URL"}
        assert self.call("PATCH", url, json=body).status_code == 202
        return url

    def login_page(self, url: str, **body: Any) -> str:
        """Ask a connection for an authorize URL."""
        answer = self.post(f"{url}/authorize_url", json={"next": "http://portal.example/", **body})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["redirect"])

    def authorized(
        self,
        org: dict[str, Any],
        name: str = "hc-acme",
        schema: str = "sf_acme_1",
        **more: Any,
    ) -> str:
        """Make a connection and authorize it with an org's admin; return its URL."""
        url = self.configured(name, schema, **more)
        self.authorize(url, org)
        return url

    def authorize(self, url: str, org: dict[str, Any], decision: str = "allow") -> str:
        """Go through the pages of authorization; return where they end."""
        sandbox = {"environment": "sandbox"} if org["environment"] == "sandbox" else {}
        page = self.login_page(url, **sandbox)
        self.post(page, data={"step": "login"})
        return str(
            self.post(page, data={"user": user_of(org), "decision": decision}).headers["Location"]
        )

    def imported(self, url: str, *mappings: dict[str, Any]) -> None:
        """Import mappings."""
        answer = self.post(f"{url}/actions/import", json={"mappings": list(mappings)})
        assert answer.ok, answer.text
        assert answer.content == b""

    def detail(self, url: str) -> dict[str, Any]:
        """Read a connection with its mappings."""
        detail: dict[str, Any] = self.get(f"{url}?deep=true").json()
        return detail

    def states(self, url: str) -> dict[str, str]:
        """The states of a connection's mappings by object."""
        return {each["object_name"]: each["state"] for each in self.detail(url)["mappings"]}

    def mapping(self, url: str, object_name: str) -> dict[str, Any]:
        """Read one mapping of a connection."""
        found: dict[str, Any] = next(
            each for each in self.detail(url)["mappings"] if each["object_name"] == object_name
        )
        return found


def user_of(org: dict[str, Any]) -> str:
    """The value of the log-in button of an org's admin."""
    return f"{org['id']}/{org['users'][0]['id']}"


def mapping(object_name: str, *fields: str, access: str = "read_write") -> dict[str, Any]:
    """A mapping in the form of an import document."""
    return {
        "object_name": object_name,
        "config": {
            "access": access,
            "sf_notify_enabled": False,
            "sf_polling_seconds": 600,
            "sf_max_daily_api_calls": 30000,
            "fields": {name: {} for name in (*SYSTEM_FIELDS, *fields)},
            "indexes": {"Id": {"unique": True}, "SystemModstamp": {"unique": False}},
        },
    }


ACCOUNT = mapping("Account", "Twitter__c")
TWEET = mapping("Tweet__c", "Account__c", "Author_Username__c", "Body__c", "Likes__c", "Time__c")


def run_as_application(
    emulated: Emulated, statement: LiteralString, *values: Any
) -> list[tuple[Any, ...]]:
    """Run a statement as a tenant's application."""
    url = emulated.world.options.database_url
    with psycopg.connect(url, autocommit=True) as conn:
        cursor = conn.execute(statement, values)
        return cursor.fetchall() if cursor.description else []
