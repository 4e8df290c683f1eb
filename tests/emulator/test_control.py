"""/control: reset, clock, behaviour, calls, forced states, the overview."""

from typing import Any

import psycopg
import pytest

from tests.emulator.client import ACCOUNT, Emulated, run_as_application, user_of
from tests.emulator.test_authorize_pages import page_of
from tests.emulator.test_salesforce import bearer, tokens


def test_a_reset_removes_everything(emulated: Emulated) -> None:
    url = emulated.authorized(emulated.org())
    emulated.imported(url, ACCOUNT)
    emulated.get(url)
    emulated.behave(import_seconds=99)
    emulated.control("faults", {"system": "region", "status": 500})
    emulated.control("reset")
    assert emulated.get("/control/orgs").json()["count"] == 0
    assert emulated.get("/control/connections").json()["count"] == 0
    assert emulated.get("/control/calls").json()["count"] == 0
    assert emulated.get("/control/behaviour").json()["import_seconds"] == 0
    assert emulated.get("/control/faults").json()["faults"] == []
    assert (
        run_as_application(emulated, "SELECT 1 FROM pg_namespace WHERE nspname = 'sf_acme_1'") == []
    )
    assert (
        run_as_application(emulated, "SELECT kind FROM emulator.document WHERE kind <> 'clock'")
        == []
    )
    assert emulated.configured(schema="sf_acme_1")


def test_a_reset_is_refused_while_a_table_is_locked(
    emulated: Emulated, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emulator.state.world.LOCK_TIMEOUT", "50ms")
    url = emulated.authorized(emulated.org())
    emulated.imported(url, ACCOUNT)
    emulated.get(url)
    with psycopg.connect(emulated.world.options.database_url) as conn:
        conn.execute("SELECT 1 FROM sf_acme_1.account")
        assert emulated.post("/control/reset").status_code == 409
    assert emulated.post("/control/reset").status_code == 200


def test_advancing_the_clock_moves_dates_and_durations(emulated: Emulated) -> None:
    before = emulated.get("/control/clock").json()
    after = emulated.control("clock", {"advance": 3600})
    assert after["seconds"] == before["seconds"] + 3600
    assert after["now"] > before["now"]
    for wrong in ({}, {"advance": "x"}, {"advance": -1}, {"back": -1}):
        assert emulated.post("/control/clock", json=wrong).status_code == 400


def test_the_history_of_an_empty_world_may_begin_in_the_past(emulated: Emulated) -> None:
    before = emulated.get("/control/clock").json()
    after = emulated.control("clock", {"back": 3600})
    assert after["now"] < before["now"]
    assert after["seconds"] >= before["seconds"]
    emulated.control("orgs", {"name": "Acme"})
    assert emulated.post("/control/clock", json={"back": 1}).status_code == 409


@pytest.mark.parametrize(
    "wrong",
    [
        {"nonsense": 1},
        {"import_seconds": "5"},
        {"import_seconds": -5},
        {"import_seconds": True},
        {"revoked_tokens": "x"},
        {"refuse_fast_polling": 1},
        {"latest_api_version": 66},
    ],
)
def test_a_wrong_switch_changes_nothing(emulated: Emulated, wrong: dict[str, Any]) -> None:
    before = emulated.get("/control/behaviour").json()
    refused = emulated.post("/control/behaviour", json={"bulk_load_seconds": 9, **wrong})
    assert refused.status_code == 400
    assert next(iter(wrong)) in refused.json()["message"]
    assert emulated.get("/control/behaviour").json() == before


def test_the_log_of_calls_holds_no_token(emulated: Emulated) -> None:
    answer = tokens(emulated, emulated.org())
    emulated.get(f"{answer['id']}?access_token={answer['access_token']}")
    emulated.get(answer["id"], headers={**bearer(answer["access_token"]), "Request-Id": "r-1"})
    page = emulated.login_page(emulated.configured())
    emulated.get(page)
    pages = emulated.get("/control/calls?path=/oauth/authorize/").json()["calls"]
    assert [each["path"] for each in pages] == ["/region/oauth/authorize/…"]
    logged = emulated.get("/control/calls?system=salesforce&path=/id/")
    assert answer["access_token"] not in logged.text
    last = logged.json()["calls"][-1]
    assert last.keys() == {"at", "system", "method", "path", "status", "request_id"}
    assert (last["status"], last["request_id"]) == (200, "r-1")
    assert emulated.call("DELETE", "/control/calls").status_code == 204
    assert emulated.get("/control/calls").json() == {"count": 0, "calls": []}


def test_any_state_can_be_forced(emulated: Emulated) -> None:
    url = emulated.authorized(emulated.org())
    emulated.imported(url, ACCOUNT)
    path = f"/control/connections/{emulated.detail(url)['id']}/state"
    emulated.post(path, json={"state": "SYSTEM_ON_ICE"})
    emulated.post(path, json={"state": "ABORTED", "object_name": "Account"})
    assert emulated.detail(url)["state"] == "SYSTEM_ON_ICE"
    assert emulated.states(url) == {"Account": "ABORTED"}
    assert emulated.post(path, json={"state": ""}).status_code == 400
    missing = {"state": "IDLE", "object_name": "Contact"}
    assert emulated.post(path, json=missing).status_code == 404
    assert emulated.post("/control/connections/none/state", json=missing).status_code == 404


def test_the_overview_shows_everything_and_leads_to_the_login(emulated: Emulated) -> None:
    org = emulated.org(name="Acme & Söhne")
    url = emulated.configured()
    emulated.get(url)
    emulated.control("faults", {"system": "salesforce", "status": 500, "times": 1})
    page = emulated.get("/control/")
    assert page_of(page) == "overview"
    for text in ("Acme &amp; Söhne", "hc-acme", "NEED_AUTHENTICATION", "salesforce", "PATCH"):
        assert text in page.text
    connection = emulated.get(url).json()["id"]
    form = {"environment": "production"}
    login = emulated.post(f"/control/connections/{connection}/authorize", data=form)
    emulated.post(login.headers["Location"], data={"step": "login"})
    decision = {"user": user_of(org), "decision": "allow"}
    back = emulated.post(login.headers["Location"], data=decision).headers["Location"]
    assert back.endswith("/control/")
    assert emulated.get(url).json()["state"] == "IDLE"
    assert emulated.post("/control/connections/none/authorize").status_code == 404


def test_the_root_leads_to_the_overview(emulated: Emulated) -> None:
    assert emulated.get("/").headers["Location"] == "/control/"
    assert emulated.get("/nothing").status_code == 404
    assert emulated.get("/control/nothing").status_code == 404
