"""Faults on demand, over real HTTP."""

import time
from typing import Any

import pytest
import requests

from tests.emulator.client import APP, Emulated

ACCOUNT_PATH = "/heroku/account"


def fault(emulated: Emulated, **wanted: Any) -> dict[str, Any]:
    """Activate a fault."""
    made: dict[str, Any] = emulated.control("faults", {"system": "heroku", **wanted})
    return made


def test_a_status_is_answered_the_wanted_number_of_times(emulated: Emulated) -> None:
    body = {"id": "internal_server_error", "message": "Oops"}
    fault(emulated, status=500, body=body, headers={"Retry-After": "7"}, times=2)
    met = [emulated.get(ACCOUNT_PATH) for _ in range(3)]
    assert [each.status_code for each in met] == [500, 500, 200]
    assert met[0].json() == body
    assert met[0].headers["Retry-After"] == "7"


def test_a_fault_hits_only_its_system_method_and_path(emulated: Emulated) -> None:
    fault(emulated, method="post", path=f"^/heroku/apps/{APP}/addons$", status=503)
    assert emulated.get(f"/heroku/apps/{APP}/addons").ok
    assert emulated.get(ACCOUNT_PATH).ok
    assert emulated.addon().status_code == 503
    assert emulated.post(f"/central/auth/{APP}").ok


def test_a_fault_answers_without_the_work(emulated: Emulated) -> None:
    fault(emulated, status=500)
    assert emulated.addon().content == b""
    assert emulated.world.addons == {}


@pytest.mark.parametrize(("drop", "made"), [("before", 0), ("after", 1)])
def test_a_drop_ends_the_connection_before_or_after_the_work(
    emulated: Emulated, drop: str, made: int
) -> None:
    fault(emulated, method="POST", drop=drop, times=1)
    with pytest.raises(requests.ConnectionError):
        emulated.addon()
    assert len(emulated.addons(emulated.get(f"/heroku/apps/{APP}/addons"))) == made
    calls = emulated.get("/control/calls?system=heroku").json()["calls"]
    assert [each["status"] for each in calls] == [None, 200]


def test_an_empty_answer_is_sent_after_the_work(emulated: Emulated) -> None:
    fault(emulated, empty=True, times=1)
    emptied = emulated.addon()
    assert (emptied.status_code, emptied.content) == (201, b"")
    assert len(emulated.world.addons) == 1


def test_an_html_page_is_sent_instead_of_json(emulated: Emulated) -> None:
    fault(emulated, html=True, times=1)
    page = emulated.get(ACCOUNT_PATH)
    assert page.status_code == 502
    assert page.headers["Content-Type"].startswith("text/html")
    assert "<h1>" in page.text
    fault(emulated, status=200, body="not json", content_type="application/json")
    lie = emulated.get(ACCOUNT_PATH)
    assert (lie.text, lie.headers["Content-Type"]) == ("not json", "application/json")


def test_a_delay_is_real_and_the_work_is_done(emulated: Emulated) -> None:
    fault(emulated, delay=0.15, times=1)
    begun = time.monotonic()
    assert emulated.get(ACCOUNT_PATH).ok
    assert time.monotonic() - begun >= 0.15


def test_a_share_of_the_calls_can_fail(emulated: Emulated) -> None:
    fault(emulated, status=500, share=0.5)
    failed = sum(not emulated.get(ACCOUNT_PATH).ok for _ in range(60))
    assert 10 < failed < 50


def test_faults_are_listed_and_removed(emulated: Emulated) -> None:
    made = fault(emulated, status=500)
    assert emulated.get("/control/faults").json()["faults"] == [made]
    assert emulated.call("DELETE", "/control/faults").status_code == 204
    assert emulated.get(ACCOUNT_PATH).ok


@pytest.mark.parametrize(
    "wrong",
    [
        {"system": "herokku"},
        {"unknown": 1},
        {"path": "("},
        {"drop": "during"},
        {"share": 2},
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(emulated: Emulated, wrong: dict[str, Any]) -> None:
    refused = emulated.post("/control/faults", json={"system": "heroku", **wrong})
    assert refused.status_code == 400
    assert refused.json()["message"]
