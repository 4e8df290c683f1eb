"""The library of what can be broken: by one call, by a button, and fixed again."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import requests

from emulator.control.breaks.library import LIBRARY
from tests.emulator.client import ACCOUNT, APP, Emulated, run_as_application

ADDONS = f"/heroku/apps/{APP}/addons"


def broken(emulated: Emulated, name: str, **given: str) -> dict[str, Any]:
    made: dict[str, Any] = emulated.control(f"breaks/{name}", given)
    return made


def library(emulated: Emulated) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = emulated.get("/control/breaks").json()["breaks"]
    return listed


@pytest.fixture
def url(emulated: Emulated) -> str:
    """Acme's connection, with its Accounts loaded."""
    url = emulated.authorized(emulated.org())
    emulated.imported(url, ACCOUNT)
    emulated.get(url)
    return url


class Seen(NamedTuple):
    """A break that changes the answer of one call: `what` of it is `result`."""

    call: Callable[[Emulated], requests.Response]
    status: int
    code: str = ""


def _account(emulated: Emulated) -> requests.Response:
    return emulated.get("/heroku/account")


def _new_addon(emulated: Emulated) -> requests.Response:
    return emulated.addon("hc-new")


def _discovery(emulated: Emulated) -> requests.Response:
    return emulated.get("/central/connections")


def _region(emulated: Emulated) -> requests.Response:
    return emulated.get("/region/api/v3/connections")


def _search(emulated: Emulated) -> requests.Response:
    path = "/x/2/tweets/search/recent?query=from:acme"
    return emulated.get(path, headers={"Authorization": "Bearer x"})


def _identity(emulated: Emulated) -> requests.Response:
    return emulated.get("/salesforce/login.salesforce.com/services/oauth2/userinfo")


SEEN = {
    "heroku-away": Seen(_account, 503, "service_unavailable"),
    "heroku-html": Seen(_account, 502),
    "token-revoked": Seen(_account, 401, "unauthorized"),
    "rate-limit": Seen(_account, 429, "rate_limit"),
    "account-delinquent": Seen(_new_addon, 402, "delinquent"),
    "account-suspended": Seen(_account, 403, "suspended"),
    "account-unverified": Seen(_new_addon, 422, "verification_needed"),
    "addon-conflict": Seen(_new_addon, 409, "conflict"),
    "confirmation-required": Seen(_new_addon, 423, "confirmation_required"),
    "config-vars-full": Seen(_new_addon, 422, "invalid_params"),
    "no-more-apps": Seen(
        lambda emulated: emulated.post("/heroku/apps", json={"name": "one-more"}), 422
    ),
    "discovery-away": Seen(_discovery, 503),
    "region-away": Seen(_region, 503),
    "region-html": Seen(_region, 502),
    "salesforce-away": Seen(_identity, 503),
    "salesforce-html": Seen(_identity, 502),
    "x-away": Seen(_search, 503),
    "x-unauthorized": Seen(_search, 401),
    "x-rate-limit": Seen(_search, 429),
    "x-cap": Seen(_search, 429),
    "x-credits": Seen(_search, 402),
    "x-spend-cap": Seen(_search, 403),
}


@pytest.mark.parametrize("name", SEEN)
def test_a_break_is_seen_by_a_client_until_it_is_fixed(emulated: Emulated, name: str) -> None:
    seen = SEEN[name]
    assert broken(emulated, name)["active"]
    answer = seen.call(emulated)
    assert answer.status_code == seen.status
    if seen.code:
        assert answer.json()["id"] == seen.code
    assert not emulated.call("DELETE", f"/control/breaks/{name}").json()["active"]
    assert seen.call(emulated).status_code != seen.status


@pytest.mark.parametrize("name", ["heroku-lost-answers", "region-lost-answers"])
def test_an_answer_is_lost_after_the_work(emulated: Emulated, name: str) -> None:
    url = emulated.linked()
    broken(emulated, name)
    with pytest.raises(requests.ConnectionError):
        emulated.addon("hc-new") if "heroku" in name else emulated.post(f"{url}/validations")
    if "heroku" in name:
        assert emulated.get(f"{ADDONS}/hc-new").ok


@pytest.mark.parametrize("name", ["heroku-slow", "region-slow", "salesforce-slow"])
def test_a_slow_system_still_works(emulated: Emulated, name: str) -> None:
    broken(emulated, name)
    (fault,) = emulated.get("/control/faults").json()["faults"]
    assert (fault["name"], fault["delay"], fault["status"]) == (name, 8, None)


@pytest.mark.parametrize(
    ("name", "state"),
    [("provisioning-fails", "deprovisioned"), ("provisioning-hangs", "provisioning")],
)
def test_provisioning_ends_badly_or_not_at_all(emulated: Emulated, name: str, state: str) -> None:
    broken(emulated, name)
    emulated.addon()
    emulated.advance(3600)
    assert emulated.get(f"{ADDONS}/hc-acme").json()["state"] == state


def test_deprovisioning_hangs(emulated: Emulated) -> None:
    broken(emulated, "deprovisioning-hangs")
    emulated.addon()
    emulated.call("DELETE", f"{ADDONS}/hc-acme")
    emulated.advance(3600)
    assert emulated.get(f"{ADDONS}/hc-acme").json()["state"] == "deprovisioning"


def test_the_partner_is_unknown(emulated: Emulated) -> None:
    broken(emulated, "partner-unknown")
    emulated.addon()
    partner = {"Accept": "application/vnd.heroku+json; version=3.partner"}
    path = "/heroku/partner/connect/acme/addon/hc-acme/enroll"
    assert emulated.post(path, json={}, headers=partner).status_code == 404


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("database-away", "DB_UNAVAILABLE"),
        ("row-limit", "TOO_MANY_ROWS"),
        ("revoke-grant", "UNAUTHORIZED"),
    ],
)
def test_a_connection_falls_into_the_state_of_its_cause(
    emulated: Emulated, url: str, name: str, state: str
) -> None:
    run_as_application(emulated, "INSERT INTO sf_acme_1.account (name) VALUES ('Acme')")
    broken(emulated, name)
    assert emulated.get(url).json()["state"] == state


def test_a_database_comes_back_after_a_restart(emulated: Emulated, url: str) -> None:
    broken(emulated, "database-away")
    emulated.post(f"{url}/actions/restart")
    emulated.sync()
    assert emulated.get(url).json()["state"] == "DB_UNAVAILABLE"
    emulated.call("DELETE", "/control/breaks/database-away")
    emulated.post(f"{url}/actions/restart")
    assert emulated.get(url).json()["state"] == "IDLE"


def test_an_uninstalled_package_breaks_its_mappings(emulated: Emulated, url: str) -> None:
    broken(emulated, "uninstall-package")
    assert emulated.states(url) == {"Account": "BAD_CONFIG"}
    emulated.call("DELETE", "/control/breaks/uninstall-package")
    emulated.post(f"{url}/actions/restart")
    assert emulated.states(url) == {"Account": "DATA_SYNCED"}


def test_refused_rows_fail_until_they_are_taken_again(emulated: Emulated, url: str) -> None:
    broken(emulated, "refuse-rows")
    run_as_application(emulated, "INSERT INTO sf_acme_1.account (name) VALUES ('Acme')")
    emulated.sync()
    assert emulated.get(f"{url}/errors").json()["count"] == 1
    emulated.call("DELETE", "/control/breaks/refuse-rows")
    run_as_application(emulated, "UPDATE sf_acme_1._trigger_log SET state = 'NEW'")
    emulated.sync()
    assert emulated.get(f"{url}/errors").json()["count"] == 0


@pytest.mark.parametrize(
    ("name", "permission"),
    [
        ("api-disabled", "api_enabled"),
        ("package-access-lost", "package_access"),
        ("view-all-data-lost", "view_all_data"),
    ],
)
def test_users_lose_a_permission(emulated: Emulated, name: str, permission: str) -> None:
    org = emulated.org()["id"]
    broken(emulated, name)
    assert not emulated.get(f"/control/orgs/{org}").json()["users"][0][permission]
    emulated.call("DELETE", f"/control/breaks/{name}")
    assert emulated.get(f"/control/orgs/{org}").json()["users"][0][permission]


def test_access_tokens_expire(emulated: Emulated) -> None:
    org = emulated.org()["id"]
    emulated.control(f"orgs/{org}/grants")
    broken(emulated, "expire-tokens")
    assert all(not each.access_tokens for each in emulated.world.grants.values())


def test_the_wrong_org_authorizes(emulated: Emulated) -> None:
    org = emulated.org()
    url = emulated.configured()
    broken(emulated, "wrong-org")
    detail = emulated.get(url).json()
    assert detail["state"] == "IDLE"
    assert detail["organization_id"] not in (None, org["id"])
    assert emulated.post("/control/breaks/wrong-org", json={}).status_code == 409


@pytest.mark.parametrize("name", ["configuration-ignored", "links-expire", "regions-differ"])
def test_smaller_troubles_of_heroku_connect(emulated: Emulated, name: str) -> None:
    broken(emulated, name)
    url = emulated.linked()
    body = {"schema_name": "sf_acme_1", "db_key": "DATABASE_URL"}
    first = emulated.call("PATCH", url, json=body).status_code
    assert first == (200 if name == "configuration-ignored" else 202)
    if name == "links-expire":
        emulated.advance(1)
        assert emulated.get(emulated.login_page(url)).status_code == 410
    if name == "regions-differ":
        result = emulated.get(emulated.post(f"{url}/validations").json()["result_url"]).json()
        assert "REGIONS_SHOULD_MATCH" in [each["rule_id"] for each in result["warnings"]]


def test_every_state_of_a_connection_can_be_forced(emulated: Emulated, url: str) -> None:
    for state in LIBRARY["connection-state"].choices:
        broken(emulated, "connection-state", choice=state)
        assert emulated.get(url).json()["state"] == state


def test_every_state_of_a_mapping_can_be_forced(emulated: Emulated, url: str) -> None:
    for state in LIBRARY["mapping-state"].choices:
        broken(emulated, "mapping-state", choice=state)
        assert emulated.states(url) == {"Account": state}


def test_every_break_has_a_test_here(emulated: Emulated) -> None:
    text = Path(__file__).read_text()
    assert [each["name"] for each in library(emulated) if f'"{each["name"]}"' not in text] == []


def test_a_target_is_named_where_there_are_several(emulated: Emulated) -> None:
    first, second = emulated.org()["id"], emulated.org("00D3h0000008cPbEAI")["id"]
    unnamed = emulated.post("/control/breaks/uninstall-package", json={})
    assert unnamed.status_code == 400
    assert "there are 2" in unnamed.json()["message"]
    broken(emulated, "uninstall-package", org=second)
    installed = [
        emulated.get(f"/control/orgs/{org}").json()["package_installed"] for org in (first, second)
    ]
    assert installed == [True, False]
    missing = emulated.post("/control/breaks/uninstall-package", json={"org": "nobody"})
    assert missing.status_code == 404


@pytest.mark.parametrize(
    ("method", "name", "status"),
    [
        ("POST", "no-such-break", 404),
        ("POST", "connection-state", 400),
        ("DELETE", "revoke-grant", 409),
    ],
)
def test_what_makes_no_sense_is_refused(
    emulated: Emulated, url: str, method: str, name: str, status: int
) -> None:
    assert emulated.call(method, f"/control/breaks/{name}", json={}).status_code == status


def test_all_is_fixed_at_once(emulated: Emulated) -> None:
    for name in ("heroku-away", "region-slow", "row-limit"):
        broken(emulated, name)
    after = emulated.call("DELETE", "/control/breaks").json()["breaks"]
    assert not any(each["active"] for each in after)
    assert emulated.get("/control/faults").json()["faults"] == []


def test_a_faults_break_replaces_itself_and_leaves_others_alone(emulated: Emulated) -> None:
    emulated.control("faults", {"system": "x", "status": 500})
    broken(emulated, "heroku-away")
    broken(emulated, "heroku-away")
    emulated.call("DELETE", "/control/breaks/heroku-away")
    assert [each["system"] for each in emulated.get("/control/faults").json()["faults"]] == ["x"]


def test_the_page_has_a_button_for_each_break(emulated: Emulated, url: str) -> None:
    page = emulated.get("/control/").text
    for each in library(emulated):
        assert f'action="/control/breaks/{each["name"]}"' in page
    pressed = emulated.post("/control/breaks/region-away", data={"break": "1"})
    assert pressed.status_code == 303
    assert pressed.headers["Location"] == "/control/?open=Heroku+Connect#region-away"
    assert "broken now" in emulated.get("/control/").text
    emulated.post("/control/breaks/region-away", data={"fix": "1"})
    assert "broken now" not in emulated.get("/control/").text


def test_herokus_own_pages_say_what_is_broken_there(emulated: Emulated) -> None:
    address = "/sites/dashboard/apps/multiconnect/resources"
    assert "Nothing is broken at Heroku now" in emulated.get(address).text
    broken(emulated, "region-away")
    page = emulated.get("/sites/status/").text
    assert "/control/?open=Heroku+Connect#region-away" in page
    assert "https://status.heroku.com/" in page


def test_the_page_chooses_the_org_that_is_broken(emulated: Emulated) -> None:
    make = [{"name": "Whole"}, {"name": "Broken"}]
    _, broken_one = (emulated.control("orgs", each)["id"] for each in make)
    emulated.control("breaks/refuse-rows", {"org": broken_one})
    page = emulated.get("/control/").text
    assert f'<option value="{broken_one}" selected>Broken ({broken_one}), broken now' in page


def test_the_page_shows_the_refusal_of_a_button(emulated: Emulated, url: str) -> None:
    connection = emulated.get(url).json()["id"]
    pressed = emulated.post(
        "/control/breaks/wrong-org", data={"break": "1", "connection": connection}
    )
    assert pressed.status_code == 303
    page = emulated.get(pressed.headers["Location"].replace("#wrong-org", "")).text
    assert "Nothing was done: only a connection in NEED_AUTHENTICATION can be" in page
    assert emulated.post("/control/breaks/wrong-org", json={}).status_code == 409


def test_a_button_names_its_target_and_choice(emulated: Emulated, url: str) -> None:
    connection = emulated.get(url).json()["id"]
    form = {"break": "1", "connection": connection, "choice": "SYSTEM_ERROR"}
    emulated.post("/control/breaks/connection-state", data=form)
    assert emulated.get(url).json()["state"] == "SYSTEM_ERROR"
