"""Posts from X by way of a tenant's schema to Salesforce; a whole fleet; deaths on the way."""

import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.conf import settings as portal_settings
from django.db import connection as database
from django.db import transaction

import emulator as emulated
from connect import schemas
from connect.health import refresh
from connect.models import Connection, Mapping, Stage, WriteError
from connect.write_errors import scan
from emulator import testing
from social import collection, handles
from social.collection import collect
from social.models import CollectionRun, Delivery, RunOutcome, Trigger
from tenants.models import Proof
from tests import cast
from tests.connect.journey import Journey
from tests.social.live_tenants import Live, XSide, go_live, package

# --- one tenant, really provisioned --------------------------------------------------------------


def provisioned(x_side: XSide, who: dict[str, str], *, tweet_id: bool) -> tuple[Journey, Live]:
    """Bring a tenant to live the whole way, with two Accounts that have a handle."""
    journey = Journey(x_side.running, who, Proof.SIGNED, package(tweet_id))
    prefix = f"{who['namespace']}__" if who.get("namespace") else ""
    rows = [
        {"Name": "Heroku", f"{prefix}Twitter__c": "@Heroku"},
        {"Name": "Django", f"{prefix}Twitter__c": "https://x.com/djangoproject"},
    ]
    x_side.control("POST", f"orgs/{journey.org_id}/records/Account", rows)
    return journey, Live(journey.reach(Stage.LIVE), prefix)


def records(x_side: XSide, live: Live, object_name: str) -> list[dict[str, Any]]:
    """The records that the org has."""
    org_id = live.connection.tenant.org_id
    found = x_side.control("GET", f"orgs/{org_id}/records/{object_name}")["records"]
    assert isinstance(found, list)
    return found


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("who", [cast.ACME, cast.CIRRUS], ids=["plain", "namespaced"])
@pytest.mark.parametrize("tweet_id", [True, False], ids=["external id", "body key"])
def test_posts_reach_salesforce_on_the_right_account_and_their_ids_come_back(
    x_side: XSide, who: dict[str, str], tweet_id: bool
) -> None:
    _, live = provisioned(x_side, who, tweet_id=tweet_id)
    p = live.prefix
    dynos = x_side.post("heroku", 'Dynos & "quotes" 😀', likes=7, reposts=3)
    x_side.post("djangoproject", "Batteries")
    run = collect(Trigger.SCHEDULE)
    assert (run.outcome, run.inserted, run.tenants_failed) == (RunOutcome.DONE, 2, 0)
    x_side.control("POST", "sync")
    accounts = {each["Name"]: each["Id"] for each in records(x_side, live, "Account")}
    tweets = {each[f"{p}Body__c"]: each for each in records(x_side, live, f"{p}Tweet__c")}
    assert {body: each[f"{p}Account__c"] for body, each in tweets.items()} == {
        'Dynos & "quotes" 😀': accounts["Heroku"],
        "Batteries": accounts["Django"],
    }
    dyno = tweets['Dynos & "quotes" 😀']
    assert (dyno[f"{p}Author_Username__c"], dyno[f"{p}Likes__c"]) == ("heroku", 7)
    assert (dyno[f"{p}Retweets__c"], dyno.get(f"{p}Tweet_Id__c")) == (
        3,
        str(dynos) if tweet_id else None,
    )
    assert sorted(live.rows("SELECT sfid FROM {s}.{p}tweet__c")) == sorted(
        (each["Id"],) for each in tweets.values()
    )
    assert collect(Trigger.SCHEDULE).inserted == 0


@pytest.mark.django_db(transaction=True)
def test_what_salesforce_refuses_shows_among_the_tenants_write_errors(x_side: XSide) -> None:
    journey, live = provisioned(x_side, cast.ACME, tweet_id=True)
    rule = {
        "object_name": "Tweet__c",
        "field": "Body__c",
        "pattern": "(?i)forbidden",
        "message": "No such words here.",
    }
    x_side.control("POST", f"orgs/{journey.org_id}/rules", rule)
    field = {"name": "Body__c", "type": "string", "required": True, "unique": True}
    x_side.control("POST", f"orgs/{journey.org_id}/fields/Tweet__c", field)
    x_side.post("heroku", "Thanks!", seconds_ago=120)
    x_side.post("heroku", "Thanks!", seconds_ago=100)  # the org wants every body but once
    x_side.post("djangoproject", "Forbidden words")
    x_side.post("djangoproject", "Allowed words")
    assert collect(Trigger.SCHEDULE).inserted == 4
    x_side.control("POST", "sync")
    assert len(records(x_side, live, "Tweet__c")) == 2
    refusals = [
        row[0]
        for row in live.rows(
            "SELECT sf_message FROM {s}._trigger_log WHERE state = 'FAILED' ORDER BY id"
        )
    ]
    assert len(refusals) == 2
    assert "DUPLICATE_VALUE" in refusals[0]
    assert "No such words here." in refusals[1]
    scan.scan_all()
    causes = WriteError.objects.filter(connection=live.connection, table_name="tweet__c")
    assert sorted((each.failed, each.cause.partition(":")[0]) for each in causes) == [
        (1, "DUPLICATE_VALUE"),
        (1, "FIELD_CUSTOM_VALIDATION_EXCEPTION"),
    ]
    refresh.refresh(Connection.objects.get(pk=live.connection.pk))
    assert Mapping.objects.get(object_name="Tweet__c").rows_failed == 2
    assert collect(Trigger.SCHEDULE).updated == 0  # what Salesforce refused is not sent again


# --- a fleet -------------------------------------------------------------------------------------

ACCOUNTS = 40  # of each tenant
SHARED = 6  # so many tenants share a handle, and it is searched once


@dataclass
class Fleet:
    """Live tenants with 40 Accounts each, and the handles that they share."""

    tenants: list[Live]
    names: list[str]

    def all_have(self, posts: int) -> bool:
        """Whether each tenant has so many posts, none of them twice."""
        counts = {
            live.rows("SELECT count(*), count(DISTINCT tweet_id__c) FROM {s}.tweet__c")[0]
            for live in self.tenants
        }
        return counts == {(posts, posts)}


@pytest.fixture
def fleet(transactional_db: None, request: pytest.FixtureRequest) -> Iterator[Fleet]:
    """A fleet of as many tenants as the test's parameter says."""
    size: int = request.param
    handle_count = size * ACCOUNTS // SHARED
    fleet = Fleet([], [f"handle_{number:08d}" for number in range(handle_count)])
    for number in range(size):
        who = {
            "org_id": testing.record_id("00DF00", number),
            "name": f"Tenant {number}",
            "admin_email": "ops@fleet.example",
        }
        first = number * ACCOUNTS
        names = [fleet.names[each % handle_count] for each in range(first, first + ACCOUNTS)]
        with transaction.atomic():
            fleet.tenants.append(go_live(who, *names, tweet_id=True))
    yield fleet
    for live in fleet.tenants:
        schemas.drop(live.schema, "default")


def command(running: emulated.Running) -> "subprocess.Popen[bytes]":
    """Start `manage.py collect_posts` on the test's database."""
    environment = {
        **os.environ,
        "DATABASE_URL": running.options.database_url,
        "X_API_URL": f"{running.url}/x",
    }
    return subprocess.Popen(
        [sys.executable, "manage.py", "collect_posts"],
        cwd=portal_settings.BASE_DIR,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def kill_when(process: "subprocess.Popen[bytes]", is_time: Callable[[], bool]) -> None:
    """Kill a process, as a platform would, at the moment that is wanted. It must not end before."""
    end = time.monotonic() + 60
    try:
        while not is_time():
            assert process.poll() is None, "it ended before it could be killed"
            assert time.monotonic() < end, "its moment never came"
            time.sleep(0.005)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    _wait_until_its_locks_are_gone()


def _wait_until_its_locks_are_gone() -> None:
    """Wait until the server has noticed the death: it may still be at the last statement."""
    query = """
        SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database
        WHERE locktype = 'advisory' AND datname = current_database()
            AND (classid::bigint << 32) + objid::bigint = %s
    """
    with database.cursor() as cursor:
        for _ in range(500):
            cursor.execute(query, [collection.LOCK])
            if cursor.fetchone() == (0,):
                return
            time.sleep(0.01)
    raise AssertionError("the server still holds the dead process' lock")


@pytest.mark.parametrize(
    "fleet", [60, pytest.param(300, marks=pytest.mark.thorough)], indirect=True
)
def test_a_fleet_is_served_with_the_fewest_calls_although_processes_die(
    fleet: Fleet, x_side: XSide
) -> None:
    x_side.post_many(*((name, f"{n} by {name}") for n in range(2) for name in fleet.names))
    per_query = len(next(handles.batches(fleet.names, 512)))
    fewest = math.ceil(len(fleet.names) / per_query)
    active = CollectionRun.objects.filter(outcome="running", searches_done__gte=fewest // 3)

    kill_when(command(x_side.running), active.exists)
    kill_when(command(x_side.running), lambda: Delivery.objects.count() >= len(fleet.tenants) // 3)
    first = collect(Trigger.SCHEDULE)
    assert first.outcome == RunOutcome.DONE
    assert fleet.all_have(2 * ACCOUNTS)
    assert x_side.bill["billed"] == 2 * len(fleet.names)
    # At most the answers that were on their way when a process died.
    assert x_side.bill["returned"] <= 2 * len(fleet.names) + 2 * 100
    died = CollectionRun.objects.filter(outcome=RunOutcome.INTERRUPTED)
    assert died.count() == 2

    before = x_side.bill
    idle = collect(Trigger.SCHEDULE)
    assert idle.calls <= 1.05 * fewest
    assert (idle.posts_paid, idle.inserted, idle.updated) == (0, 0, 0)
    assert x_side.bill["returned"] == before["returned"]
    assert x_side.bill["calls"] - before["calls"] == idle.calls
