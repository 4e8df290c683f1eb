"""The clients together, as provisioning uses them, against the emulator."""

import time
from typing import Any

import pytest
import requests

from connect.clients import budget, heroku, heroku_connect, http
from connect.clients.accounts import OWN, App, Remote
from connect.clients.heroku_connect import ConnectionSummary
from connect.models import ApiBudget
from emulator import Running
from tests import cast
from tests.connect.clients.conftest import LIMITS

pytestmark = pytest.mark.django_db

APP = App("multiconnect-test")
PLAN, NAME = "herokuconnect:demo", "hc-test-acme-1"
SCHEMA = "sf_00db00000002ndmmam_1"
DOCUMENT: dict[str, Any] = {
    "version": 1,
    "mappings": [
        {
            "object_name": "Account",
            "config": {
                "access": "read_only",
                "sf_notify_enabled": False,
                "sf_polling_seconds": 600,
                "sf_max_daily_api_calls": 30000,
                "fields": {
                    name: {}
                    for name in ("CreatedDate", "Id", "IsDeleted", "Name", "SystemModstamp")
                },
                "indexes": {"Id": {"unique": True}, "SystemModstamp": {"unique": False}},
            },
        }
    ],
}


def remote_to(summary: ConnectionSummary) -> Remote:
    return Remote(summary.region_url, summary.id)


def create() -> heroku.Addon:
    return heroku.create_addon(APP, PLAN, NAME, "HC_ACME")


def configured() -> ConnectionSummary:
    """An add-on that waits for authorization."""
    create()
    [summary] = heroku_connect.link(APP, NAME)
    heroku_connect.configure(remote_to(summary), "DATABASE_URL", SCHEMA)
    return summary


def authorize(emulator: Running, summary: ConnectionSummary) -> None:
    """Do what the org's admin does in a browser."""
    control(emulator, "orgs", {**cast.ACME, "my_domain": cast.ACME["login_domain"]})
    domain = cast.ACME["login_domain"]
    page = heroku_connect.authorize_url(
        remote_to(summary), "custom", domain, "http://testserver/done"
    )
    user = emulator.admin(cast.ACME["org_id"])
    requests.post(page, {"step": "login"}, timeout=5)
    back = requests.post(
        page, {"user": user, "decision": "allow"}, allow_redirects=False, timeout=5
    )
    assert back.headers["Location"] == "http://testserver/done"


def control(emulator: Running, what: str, document: dict[str, Any]) -> None:
    requests.post(f"{emulator.url}/control/{what}", json=document, timeout=5).raise_for_status()


def fault(emulator: Running, system: str, **fields: Any) -> None:
    control(emulator, "faults", {"system": system, **fields})


def made(emulator: Running) -> list[tuple[str, int | None]]:
    return [(each["method"], each["status"]) for each in emulator.calls()]


def test_a_tenants_whole_life(emulator: Running) -> None:
    assert heroku.find_addon(APP, NAME) is None
    addon = create()
    [summary] = heroku_connect.link(APP)
    assert summary.resource_name == addon.name == NAME
    assert heroku_connect.detail(remote_to(summary)).state == "NEW"
    assert heroku_connect.configure(remote_to(summary), "DATABASE_URL", SCHEMA) == 202
    seen = heroku_connect.detail(remote_to(summary))
    assert (seen.state, seen.schema_name) == ("NEED_AUTHENTICATION", SCHEMA)
    assert (seen.organization_id, seen.view_all_data) == ("", None)

    authorize(emulator, summary)
    seen = heroku_connect.detail(remote_to(summary))
    assert (seen.state, seen.organization_id) == ("IDLE", cast.ACME["org_id"])
    assert (bool(seen.username), seen.view_all_data) == (True, True)

    heroku_connect.import_mappings(remote_to(summary), DOCUMENT)
    exported = heroku_connect.export(remote_to(summary))
    assert [each["object_name"] for each in exported["mappings"]] == ["Account"]
    [mapping] = heroku_connect.detail(remote_to(summary), deep=True).mappings
    assert (mapping.object_name, mapping.access) == ("Account", "read_only")

    assert heroku.delete_addon(APP, NAME) is True
    assert heroku.delete_addon(APP, NAME) is False
    with pytest.raises(http.NotFound):
        heroku_connect.detail(remote_to(summary))


def test_a_connection_is_paused_and_resumed_only_from_the_right_state(emulator: Running) -> None:
    summary = configured()
    with pytest.raises(http.Conflict, match="cannot be paused while NEED_AUTHENTICATION"):
        heroku_connect.pause(remote_to(summary))
    authorize(emulator, summary)
    heroku_connect.pause(remote_to(summary))
    assert heroku_connect.detail(remote_to(summary)).state == "PAUSED"
    heroku_connect.resume(remote_to(summary))
    heroku_connect.restart(remote_to(summary))
    assert heroku_connect.detail(remote_to(summary)).state in (
        "IDLE",
        "RECOVERY",
    )


def test_an_addon_is_found_after_a_lost_answer(emulator: Running, impatient: None) -> None:
    fault(emulator, "heroku", method="POST", drop="after", times=1)
    with pytest.raises(http.Uncertain):
        create()
    found = heroku.find_addon(APP, NAME)
    assert found is not None
    with pytest.raises(http.Taken):
        create()
    assert made(emulator) == [("POST", None), ("GET", 200), ("POST", 422)]


def test_an_order_that_takes_too_long_is_sent_once_and_found_when_done(
    emulator: Running, impatient: None
) -> None:
    fault(emulator, "heroku", method="POST", delay=2 * LIMITS.read, times=1)
    with pytest.raises(http.Uncertain, match="no answer in time"):
        create()
    patience = time.monotonic() + 5
    while heroku.find_addon(APP, NAME) is None:
        assert time.monotonic() < patience
        time.sleep(0.02)
    assert [method for method, _ in made(emulator)].count("POST") == 1


def test_an_addon_that_overwrites_wants_the_apps_name_and_its_deletion_does_not(
    emulator: Running,
) -> None:
    control(emulator, "behaviour", {"confirmation_required": True})
    with pytest.raises(http.ConfirmationRequired):
        create()
    assert heroku.create_addon(APP, PLAN, NAME, "HC_ACME", confirm=APP.name).name == NAME
    assert heroku.delete_addon(APP, NAME) is True


def test_a_name_of_another_account_is_taken_and_not_found(emulator: Running) -> None:
    control(emulator, "behaviour", {"taken_names": [NAME]})
    with pytest.raises(http.Taken, match="Name is already taken"):
        create()
    assert heroku.find_addon(APP, NAME) is None


def test_an_addon_is_enrolled_once(emulator: Running) -> None:
    addon = create()
    heroku.enroll(OWN, "acme", addon.id)
    with pytest.raises(http.Conflict, match="already associated with an ISV"):
        heroku.enroll(OWN, "acme", addon.id)
    control(emulator, "behaviour", {"isv_slugs": ["other"]})
    with pytest.raises(http.NotFound, match="Couldn't find the partner acme"):
        heroku.enroll(OWN, "acme", addon.id)


def test_the_budget_is_spent_down_to_the_refusal(emulator: Running) -> None:
    assert heroku.find_addon(APP, NAME) is None
    assert ApiBudget.objects.get(peer="heroku").remaining == 4499
    emulator.behave(rate_limit=0)
    with pytest.raises(http.Retryable, match="reached the API rate limit"):
        heroku.find_addon(APP, NAME)
    assert ApiBudget.objects.get(peer="heroku").remaining == 0
    assert not budget.allows_background_work()


def test_a_revoked_token_is_unauthorized_everywhere(emulator: Running) -> None:
    summary = configured()
    control(emulator, "behaviour", {"revoked_tokens": ["HRKU-test-token"]})
    for call in (
        lambda: heroku.find_addon(APP, NAME),
        lambda: heroku_connect.link(APP),
        lambda: heroku_connect.detail(remote_to(summary)),
    ):
        with pytest.raises(http.Unauthorized):
            call()


def test_a_patch_without_effect_leaves_the_state_new(emulator: Running) -> None:
    control(emulator, "behaviour", {"ignored_patches": 1})
    create()
    [summary] = heroku_connect.link(APP)
    for status, state in ((200, "NEW"), (202, "NEED_AUTHENTICATION")):
        remote = remote_to(summary)
        assert heroku_connect.configure(remote, "DATABASE_URL", SCHEMA) == status
        assert heroku_connect.detail(remote).state == state


def test_nothing_is_imported_before_the_admin_authorizes(emulator: Running) -> None:
    summary = configured()
    with pytest.raises(http.Permanent, match="not authenticated"):
        heroku_connect.import_mappings(remote_to(summary), DOCUMENT)


@pytest.mark.parametrize("fields", [{"html": True}, {"status": 503}, {"drop": "before"}])
def test_looking_survives_a_passing_fault(
    emulator: Running, impatient: None, fields: dict[str, Any]
) -> None:
    summary = configured()
    fault(emulator, "region", method="GET", times=2, **fields)
    assert heroku_connect.detail(remote_to(summary)).state == "NEED_AUTHENTICATION"


@pytest.mark.parametrize("empty", [True, False])
def test_a_list_without_its_body_is_not_an_empty_list(
    emulator: Running, impatient: None, empty: bool
) -> None:
    create()
    fault(emulator, "central", **({"empty": True} if empty else {"body": {}, "status": 200}))
    with pytest.raises(http.Uncertain, match="an answer without"):
        heroku_connect.link(APP)
