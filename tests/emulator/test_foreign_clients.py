"""Habits of the official clients that nobody finds in the reference: headers, bodies, addresses."""

import base64
from typing import Any

import pytest

from tests.emulator.client import APP, Emulated

ADDONS = f"/heroku/apps/{APP}/addons"
RELEASES = f"/heroku/apps/{APP}/releases"


def basic(token: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f":{token}".encode()).decode()}


def test_the_platform_api_takes_a_token_as_the_password_of_basic(emulated: Emulated) -> None:
    emulated.behave(revoked_tokens=["revoked"])
    emulated.control("accounts", {"email": "other@isv.example", "tokens": ["HRKU-other"]})
    assert emulated.get("/heroku/account", headers=basic("HRKU-token")).status_code == 200
    other = emulated.get("/heroku/account", headers=basic("HRKU-other")).json()
    assert other["email"] == "other@isv.example"
    assert emulated.get("/heroku/account", headers=basic("revoked")).status_code == 401
    assert emulated.get("/heroku/account", headers=basic("")).status_code == 401


def test_heroku_connect_and_x_take_bearer_alone(emulated: Emulated) -> None:
    for path in ("/central/connections", "/region/api/v3/connections", "/x/2/tweets/search/recent"):
        assert emulated.get(path, headers=basic("HRKU-token")).status_code == 401


@pytest.mark.parametrize(
    "header",
    [
        "id ..",
        "id ..;",
        "id ..; ;",
        "id ..; max=1000",
        "id ..; order=asc",
        "id ..; order=asc,max=9",
    ],
)
def test_ranges_of_other_clients_are_read(emulated: Emulated, header: str) -> None:
    emulated.addon()
    listed = emulated.get(ADDONS, headers={"Range": header})
    assert (listed.status_code, len(emulated.addons(listed))) == (200, 1)


@pytest.mark.parametrize("header", ["id ..; max=0", "id ..; size=3", "no ..", "id", "id ..; x"])
def test_a_range_that_makes_no_sense_is_refused(emulated: Emulated, header: str) -> None:
    emulated.addon()
    refused = emulated.get(ADDONS, headers={"Range": header})
    assert refused.json()["id"] == "requested_range_not_satisfiable"


def test_the_latest_release_comes_first_when_it_is_asked_for(emulated: Emulated) -> None:
    for number in range(12):
        emulated.call("PATCH", f"/heroku/apps/{APP}/config-vars", json={"A": str(number)})
    wanted = {"Range": "version ..; max=5, order=desc"}
    page = emulated.get(RELEASES, headers=wanted)
    assert page.status_code == 206
    assert [each["version"] for each in page.json()] == [12, 11, 10, 9, 8]
    page = emulated.get(RELEASES, headers={"Range": page.headers["Next-Range"]})
    assert [each["version"] for each in page.json()] == [7, 6, 5, 4, 3]


@pytest.mark.parametrize(
    ("path", "prefix"),
    [
        ("/account", "/heroku"),
        (f"/apps/{APP}/addons", "/heroku"),
        ("/addon-services/herokuconnect/plans", "/heroku"),
        ("/connections", "/central"),
        ("/api/v3/connections", "/region"),
    ],
)
def test_an_address_without_its_prefix_is_answered_alike(
    emulated: Emulated, path: str, prefix: str
) -> None:
    emulated.linked()
    answers = [emulated.get(each) for each in (path, prefix + path)]
    assert [each.status_code for each in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    latest = emulated.get("/control/calls").json()["calls"][-2:]
    assert [(each["system"], each["path"]) for each in latest] == [(prefix[1:], prefix + path)] * 2


def test_a_fault_hits_an_address_without_its_prefix(emulated: Emulated) -> None:
    emulated.control("faults", {"system": "heroku", "path": "^/heroku/account", "status": 503})
    assert emulated.get("/account").status_code == 503


BODY: dict[str, Any] = {
    "attachment": {},
    "config": {},
    "name": "hc-acme",
    "plan": {"name": "herokuconnect:demo"},
}


def test_a_plan_may_be_an_object_with_a_name_or_an_id(emulated: Emulated) -> None:
    assert emulated.post(ADDONS, json=BODY).status_code == 201
    plans = emulated.get("/heroku/addon-services/herokuconnect/plans").json()
    wanted = next(each for each in plans if each["name"] == "herokuconnect:shield")
    for plan in ({"name": "herokuconnect:enterprise"}, {"id": wanted["id"]}, wanted["id"]):
        changed = emulated.call("PATCH", f"{ADDONS}/hc-acme", json={"plan": plan})
        assert changed.status_code == 200, changed.text
    assert changed.json()["plan"]["name"] == "herokuconnect:shield"
    wrong = emulated.call("PATCH", f"{ADDONS}/hc-acme", json={"plan": {"name": "redis:mini"}})
    assert wrong.status_code == 422


def test_a_name_may_be_changed_without_a_plan(emulated: Emulated) -> None:
    emulated.addon(plan="herokuconnect:enterprise")
    changed = emulated.call("PATCH", f"{ADDONS}/hc-acme", json={"name": "hc-renamed"})
    assert changed.json()["name"] == "hc-renamed"
    assert changed.json()["plan"]["name"] == "herokuconnect:enterprise"


def test_only_a_creation_asks_for_confirmation(emulated: Emulated) -> None:
    emulated.addon()
    emulated.behave(confirmation_required=True)
    assert emulated.addon("hc-2").status_code == 423
    deleted = emulated.call("DELETE", f"{ADDONS}/hc-acme", json={"force": False})
    assert deleted.status_code == 200


def test_plan_and_service_are_expanded_on_demand(emulated: Emulated) -> None:
    emulated.behave(plan_cents=["enterprise=50000"])
    emulated.addon(plan="herokuconnect:enterprise")
    plain = emulated.get("/heroku/addons/hc-acme").json()
    assert plain["plan"].keys() == plain["addon_service"].keys() == {"id", "name"}
    headers = {"Accept-Expansion": "addon_service,plan"}
    for path in ("/heroku/addons/hc-acme", f"{ADDONS}/hc-acme"):
        shown = emulated.get(path, headers=headers).json()
        assert shown["plan"]["price"]["cents"] == 50000
        assert shown["plan"]["state"] == "ga"
        assert shown["addon_service"]["supports_multiple_installations"]
    (listed,) = emulated.addons(emulated.get("/heroku/addons", headers=headers))
    assert listed["plan"]["price"]["unit"] == "month"
