"""The calls that a new tenant needs at Heroku and Heroku Connect, and nothing else.

They are made without a database, a queue or a retry, as fast as so many clients can.
"""

import itertools
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import requests

from bench import harness
from demo.actors.emulator import Emulator

APPS = ("bare-1", "bare-2", "bare-3")  # as many as the portal has
HEADERS = {
    "Authorization": "Bearer x",
    "Accept": "application/vnd.heroku+json; version=3",
    "X-Requested-With": "XMLHttpRequest",
}
PLAN = "herokuconnect:demo"
SECONDS = 60.0


@dataclass(frozen=True)
class Caller:
    """Makes the add-ons of further tenants, on apps of its own."""

    url: str
    numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    def prepare(self) -> None:
        """Make the apps."""
        for app in APPS:
            Emulator(self.url).ensure_app(app)

    def take(self, tenants: int, clients: int) -> float:
        """Make the calls of new tenants; return the seconds."""
        numbers = list(itertools.islice(self.numbers, tenants))
        shares = [numbers[each::clients] for each in range(clients)]

        def every() -> None:
            with ThreadPoolExecutor(clients) as pool:
                list(pool.map(self._some, shares))

        return harness.seconds(every)

    def _some(self, numbers: list[int]) -> None:
        with requests.Session() as session:
            session.headers.update(HEADERS)
            for number in numbers:
                self._one(session, APPS[number % len(APPS)], number)

    def _one(self, session: requests.Session, app: str, number: int) -> None:
        name, addons = f"bare-{number}", f"{self.url}/heroku/apps/{app}/addons"
        order = {"plan": PLAN, "name": name, "attachment": {"name": f"BARE_{number}"}}
        _done(session.post(addons, json=order, timeout=SECONDS))
        _done(session.get(f"{addons}/{name}", timeout=SECONDS))
        listed = _done(session.post(f"{self.url}/central/auth/{app}", timeout=SECONDS)).json()
        [found] = [each for each in listed["connections"] if each["resource_name"] == name]
        connection = f"{found['region_url']}/api/v3/connections/{found['id']}"
        target = {"db_key": "DATABASE_URL", "schema_name": f"bare_{number}"}
        _done(session.patch(connection, json=target, timeout=SECONDS))
        read = _done(session.get(connection, timeout=SECONDS)).json()
        harness.claim(read["schema_name"] == target["schema_name"], f"{name} has no schema")


def _done(answer: requests.Response) -> requests.Response:
    harness.claim(answer.ok, f"{answer.url} answered {answer.status_code}: {answer.text[:200]}")
    return answer
