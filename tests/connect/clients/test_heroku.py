"""Heroku's Platform API: what is sent, what each answer means, and how calls are kept for later."""

import json
import logging
import socket
import threading
from itertools import count
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from connect.clients import heroku, http
from connect.clients.accounts import OWN, App
from connect.clients.heroku import Addon
from tests.connect.clients import rawpeer
from tests.connect.clients.rawpeer import RawPeer, drops, says

APP = App("multiconnect-test")
NAME = "hc-test-00db00000002ndmmam-1"
ADDON: dict[str, Any] = {
    "actions": [],
    "config_vars": ["HC_X_URL"],
    "id": "01234567-89ab-cdef-0123-456789abcdef",
    "name": NAME,
    "plan": {"id": "01234567-89ab-cdef-0123-456789abcdef", "name": "herokuconnect:demo"},
    "provider_id": None,
    "state": "provisioning",
}
SEEN = Addon(ADDON["id"], NAME, "provisioning", "herokuconnect:demo")
LOST = [drops, says("", 500), says("<html>", 503, Content_Type="text/html")]


@pytest.fixture(autouse=True)
def _here(raw: RawPeer, settings: Settings, impatient: None) -> None:
    settings.HEROKU_API_URL = raw.url


def refuses(status: int, code: str, message: str, **headers: Any) -> rawpeer.Script:
    return says(json.dumps({"id": code, "message": message}), status, **headers)


def create(confirm: str | None = None) -> Addon:
    return heroku.create_addon(APP, "herokuconnect:demo", NAME, "HC_X", confirm)


def sent(raw: RawPeer, number: int = 0) -> tuple[str, Any]:
    head, _, body = raw.requests[number].partition(b"\r\n\r\n")
    return head.decode().split(" HTTP/")[0], json.loads(body) if body else None


@pytest.mark.parametrize("status", [200, 201, 202])
def test_an_addon_is_ordered_by_name_and_attachment(raw: RawPeer, status: int) -> None:
    raw.plays(says(json.dumps(ADDON), status))
    assert create() == SEEN
    order = {"plan": "herokuconnect:demo", "name": NAME, "attachment": {"name": "HC_X"}}
    assert sent(raw) == (f"POST /apps/{APP.name}/addons", order)
    assert rawpeer.header(raw.requests[0], "Accept") == "application/vnd.heroku+json; version=3"
    assert rawpeer.header(raw.requests[0], "Authorization") == "Bearer HRKU-test-token"


def test_a_confirmation_repeats_the_apps_name(raw: RawPeer) -> None:
    raw.plays(
        refuses(423, "confirmation_required", "Confirm.", X_Confirmation_Required=APP.name),
        says(json.dumps(ADDON), 201),
    )
    with pytest.raises(http.ConfirmationRequired):
        create()
    assert create(confirm=APP.name) == SEEN
    assert sent(raw, 1)[1]["confirm"] == APP.name


@pytest.mark.parametrize("script", [*LOST, says("", 201), says("{}", 201), says("[]", 201)])
def test_an_order_whose_answer_is_lost_is_sent_once_and_uncertain(
    raw: RawPeer, script: rawpeer.Script
) -> None:
    raw.plays(script)
    with pytest.raises(http.Uncertain):
        create()
    assert len(raw.requests) == 1


@pytest.mark.parametrize(
    ("script", "kind", "code"),
    [
        (refuses(400, "bad_request", "Bad."), http.Permanent, "bad_request"),
        (refuses(401, "unauthorized", "Invalid credentials."), http.Unauthorized, "unauthorized"),
        (refuses(402, "delinquent", "Pay."), http.Permanent, "delinquent"),
        (refuses(403, "forbidden", "No access."), http.Permanent, "forbidden"),
        (refuses(403, "suspended", "Suspended."), http.Permanent, "suspended"),
        (refuses(404, "not_found", "Couldn't find that app."), http.NotFound, "not_found"),
        (refuses(406, "not_acceptable", "Accept."), http.Permanent, "not_acceptable"),
        (refuses(409, "conflict", "Try later."), http.Retryable, "conflict"),
        (refuses(410, "gone", "Gone."), http.NotFound, "gone"),
        (refuses(422, "invalid_params", "Name is already taken"), http.Taken, "invalid_params"),
        (refuses(422, "invalid_params", "Plan is unknown"), http.Permanent, "invalid_params"),
        (refuses(422, "verification_needed", "Verify."), http.Permanent, "verification_needed"),
        (refuses(429, "rate_limit", "Limit."), http.Retryable, "rate_limit"),
    ],
)
def test_every_refusal_of_an_order_is_sorted(
    raw: RawPeer, script: rawpeer.Script, kind: type[http.RemoteError], code: str
) -> None:
    raw.plays(script)
    with pytest.raises(http.RemoteError) as caught:
        create()
    assert type(caught.value) is kind
    assert (caught.value.system, caught.value.code) == ("Heroku", code)
    assert len(raw.requests) == 1


def test_an_addon_is_found_by_name_within_the_app(raw: RawPeer) -> None:
    raw.plays(says(json.dumps(ADDON)))
    assert heroku.find_addon(APP, NAME) == SEEN
    assert sent(raw) == (f"GET /apps/{APP.name}/addons/{NAME}", None)


@pytest.mark.parametrize("status", [404, 410])
def test_a_missing_addon_is_none_and_its_deletion_returns_false(raw: RawPeer, status: int) -> None:
    raw.plays(refuses(status, "not_found", "Couldn't find that add-on."))
    assert heroku.find_addon(APP, NAME) is None
    assert heroku.delete_addon(APP, NAME) is False


@pytest.mark.parametrize("script", LOST)
def test_looking_is_repeated_until_it_is_answered(raw: RawPeer, script: rawpeer.Script) -> None:
    raw.plays(script, says(json.dumps(ADDON)))
    assert heroku.find_addon(APP, NAME) == SEEN
    assert len(raw.requests) == 2


@pytest.mark.parametrize("missing", ["id", "name", "state"])
def test_an_addon_without_what_matters_is_retryable(raw: RawPeer, missing: str) -> None:
    raw.plays(says(json.dumps({**ADDON, missing: None})))
    with pytest.raises(http.Retryable, match=f"an answer without {missing}"):
        heroku.find_addon(APP, NAME)


def test_an_addon_may_lack_what_does_not_matter(raw: RawPeer) -> None:
    raw.plays(says(json.dumps({**ADDON, "plan": None, "config_vars": None, "new_key": 1})))
    assert heroku.find_addon(APP, NAME) == Addon(SEEN.id, NAME, "provisioning", "")


def test_a_list_whose_pages_lead_in_a_circle_has_an_end(raw: RawPeer) -> None:
    listed = json.dumps([ADDON])
    pages = [says(listed, 206, Next_Range=f"id {page}..; max=1000") for page in "ababababab"]
    raw.plays(*pages, says(listed))
    with pytest.raises(http.Retryable, match="a list that does not end"):
        heroku.list_addons(APP)
    assert len(raw.requests) == 3


def test_a_list_of_ever_new_pages_has_an_end_in_time(
    raw: RawPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heroku, "LIST_SECONDS", 1.0)
    listed, numbers = json.dumps([ADDON]), count()

    def more(connection: socket.socket, over: threading.Event) -> None:
        over.wait(0.05)
        page = says(listed, 206, Next_Range=f"id {next(numbers)}..; max=1000")
        page(connection, over)

    raw.plays(more)
    with pytest.raises(http.Retryable, match="a list that does not end"):
        heroku.list_addons(APP)


@pytest.mark.parametrize("body", [json.dumps(ADDON), ""])
def test_deleting_returns_true(raw: RawPeer, body: str) -> None:
    raw.plays(says(body, 200))
    assert heroku.delete_addon(APP, NAME) is True
    assert sent(raw) == (f"DELETE /apps/{APP.name}/addons/{NAME}", None)


def test_an_addon_is_enrolled_once(raw: RawPeer) -> None:
    done = {"addon_uuid": ADDON["id"], "isv_guid": "g", "isv_slug": "acme", "message": "Done."}
    raw.plays(says(json.dumps(done)), refuses(409, "conflict", "Already belongs to an ISV."))
    heroku.enroll(OWN, "acme", ADDON["id"])
    with pytest.raises(http.Conflict):
        heroku.enroll(OWN, "acme", ADDON["id"])
    assert sent(raw) == (f"POST /partner/connect/acme/addon/{ADDON['id']}/enroll", {})
    accept = rawpeer.header(raw.requests[0], "Accept")
    assert accept == "application/vnd.heroku+json; version=3.partner"


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (403, "forbidden", http.Permanent),
        (404, "not_found", http.NotFound),
        (500, "internal_error", http.Uncertain),
    ],
)
def test_enrolling_elsewhere_is_refused(
    raw: RawPeer, status: int, code: str, kind: type[http.RemoteError]
) -> None:
    raw.plays(refuses(status, code, "Couldn't find the partner."))
    with pytest.raises(kind):
        heroku.enroll(OWN, "wrong", ADDON["id"])


def test_a_new_token_is_used_at_once(raw: RawPeer, settings: Settings) -> None:
    raw.plays(says(json.dumps(ADDON)))
    heroku.find_addon(APP, NAME)
    settings.HEROKU_API_TOKEN = "HRKU-another"
    heroku.find_addon(APP, NAME)
    tokens = [rawpeer.header(request, "Authorization") for request in raw.requests]
    assert tokens == ["Bearer HRKU-test-token", "Bearer HRKU-another"]


def test_no_token_is_logged(raw: RawPeer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    raw.plays(refuses(401, "unauthorized", "Bearer HRKU-test-token is invalid."))
    with pytest.raises(http.Unauthorized) as caught:
        create()
    assert "HRKU" not in str(caught.value) + caplog.text
