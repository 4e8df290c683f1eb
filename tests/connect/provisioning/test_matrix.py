"""The matrix: each call of a tenant's life meets each fault, and the tenant still gets to its end.

A fault that passes costs only time. One that needs a person blocks with a reason, and a press of
the reason's button goes on once it is over. `make test` has each call and each fault once, `make
chaos` every pair.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from connect import remedies, tasks
from connect.models import BlockedKind, Connection, Stage
from connect.operations import connection as operations
from tenants.models import Event
from tests.connect.journey import Journey

pytestmark = pytest.mark.django_db
Fault = dict[str, Any]
PORTALS_OWN = "error in the portal itself"
ROUNDS = 80
CONNECTION = "/connections/[^/]+"
# Every call that the portal makes for a tenant, by what it is for.
CALLS = {
    "order the add-on": ("heroku", "POST", "/apps/[^/]+/addons$"),
    "look at the add-on": ("heroku", "GET", "/apps/[^/]+/addons/"),
    "link": ("central", "POST", "/auth/"),
    "configure the database": ("region", "PATCH", f"{CONNECTION}$"),
    "look at the connection": ("region", "GET", f"{CONNECTION}$"),
    "exchange the code": ("salesforce", "POST", "/oauth2/token$"),
    "ask who signed in": ("salesforce", "GET", "/id/"),
    "look for the package": ("salesforce", "GET", "AuthConnection"),
    "ask what the user may do": ("salesforce", "GET", "/query$"),
    "publish the link": ("salesforce", "POST", "AuthConnection"),
    "ask for the authorize URL": ("region", "POST", "/authorize_url$"),
    "describe an object": ("region", "GET", "/schemas/"),
    "import the mappings": ("region", "POST", "/actions/import$"),
    "list the region": ("region", "GET", "/connections$"),
    "pause": ("region", "POST", "/actions/pause$"),
    "resume": ("region", "POST", "/actions/resume$"),
    "revoke": ("salesforce", "POST", "/oauth2/revoke$"),
    "delete the add-on": ("heroku", "DELETE", "/addons/"),
}
BROWSERS = re.compile("/oauth2?/authorize")  # people call these, not the portal
FAULTS: dict[str, Fault] = {
    **{str(status): {"status": status} for status in (400, 401, 402, 403, 404, 405, 409, 410)},
    **{str(status): {"status": status} for status in (422, 423, 500, 502, 503, 504)},
    "302": {"status": 302, "headers": {"Location": "https://login.example/"}},
    "429 with a time": {"status": 429, "headers": {"Retry-After": "1"}},
    "429 without a time": {"status": 429},
    "dropped before the work": {"drop": "before"},
    "dropped after the work": {"drop": "after"},
    "an HTML page": {"html": True},
    "an empty answer": {"empty": True},
    "an empty object": {"status": 200, "body": {}},
    "a list": {"status": 200, "body": []},
    "a number": {"status": 200, "body": 7},
    "odd texts": {"status": 200, "body": {"state": "\0\ud800" * 50, "name": "\0", "id": "x" * 999}},
}
# Either nothing was done, or all was: every call meets these in `make test` too.
ALWAYS = ("503", "dropped after the work")


def cells() -> list[Any]:
    """Return every pair, those that are not always tried with the mark."""
    return [
        pytest.param(
            call,
            fault,
            id=f"{call}: {fault}",
            marks=pytest.mark.matrix if is_short else [pytest.mark.matrix, pytest.mark.chaos],
        )
        for call in CALLS
        for fault in FAULTS
        for is_short in [
            fault in ALWAYS
            or call == "order the add-on"
            or (call, fault) == ("delete the add-on", "404")
        ]
    ]


class Life:
    """A tenant's whole life, with an admin and staff who do not give up."""

    def __init__(self, journey: Journey) -> None:
        self.journey = journey

    def live(self) -> None:
        """Go live, be looked at, be off-boarded, stay after all, and be off-boarded for good."""
        self._reach(Stage.LIVE)
        assert len(self.journey.running.addons()) == len(self.journey.running.connections()) == 1
        self.journey.running.advance(60)
        row = self.journey.connection
        tasks.refresh_region(row.region_url, row.host_app_id or 0)
        operations.operate("offboard", self.journey.connection.pk, "mia", {"schema_fate": "keep"})
        self.journey.advance()
        operations.operate("undo_offboarding", self.journey.connection.pk, "mia", {})
        self._reach(Stage.LIVE)
        self.journey.offboard()
        self._reach(Stage.OFFBOARDED)
        assert not self.journey.running.addons()
        assert not Connection.objects.filter(offboarded_at=None).exists()

    def _reach(self, stage: Stage) -> None:
        for _ in range(ROUNDS):
            # Another one follows when staff start over.
            newest = Connection.objects.order_by("-pk").select_related("tenant")[0]
            self.journey.connection = newest
            if newest.stage == stage:
                return
            # The admin meets an error page, and tries again.
            with suppress(AssertionError):
                self.journey.do_the_admins_part()
            if self.journey.advance().blocked_at:
                self._press_its_button()
        raise AssertionError(f"it does not get to {stage}: {self.journey.connection.last_error}")

    def _press_its_button(self) -> None:
        seen = self.journey.connection
        assert seen.blocked_reason
        assert PORTALS_OWN not in seen.blocked_reason
        self.journey.running.clear_faults()
        if remedies.refusal_to_retry(BlockedKind(seen.blocked_kind)):
            operations.operate("start_over", seen.pk, "mia", {"schema_fate": "keep"})
        else:
            operations.operate("retry", seen.pk, "mia", {})


@pytest.mark.parametrize(("call", "fault"), cells())
def test_a_tenant_survives_a_fault_at_any_call(
    journey: Journey, call: str, fault: str, record_property: Callable[[str, object], None]
) -> None:
    record_property("matrix", (call, fault))
    system, method, path = CALLS[call]
    # A call that only reads is repeated at once, so that one fault would not be noticed.
    times = 4 if method == "GET" else 1
    journey.fault(system, method, path, **{"times": times, **FAULTS[fault]})
    Life(journey).live()
    assert not Event.objects.filter(text__contains=PORTALS_OWN).exists()


def test_the_matrix_has_every_call_of_a_life(journey: Journey) -> None:
    Life(journey).live()
    unknown = {
        (call["system"], call["method"], call["path"])
        for call in journey.running.calls()
        if not any(_fits(each, call) for each in CALLS.values())
        and not BROWSERS.search(call["path"])
    }
    assert unknown == set()


def _fits(kind: tuple[str, str, str], call: dict[str, Any]) -> bool:
    system, method, path = kind
    return (system, method) == (call["system"], call["method"]) and bool(
        re.search(path, call["path"])
    )
