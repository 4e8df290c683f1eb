"""Every fault of a peer at a step: one that passes costs only time, one that lasts blocks.

If anything goes wrong once, the tenant still goes live, with one add-on, one schema and each
mapping once.
"""

import hashlib
from typing import Any

import pytest
import requests

from connect.models import BlockedKind, Connection, Stage, WaitingOn
from connect.operations.base import OperationOutcome
from connect.operations.connection import operate
from tenants.models import Message, MessageKind, Tenant
from tests import cast
from tests.connect.journey import Journey
from tests.subscriber import Admin, new_org

pytestmark = pytest.mark.django_db


# --- faults that pass by themselves (test_matrix.py has each at each call) -----------

ADDONS = "/apps/[^/]+/addons$"


def test_a_lost_answer_to_the_order_makes_no_second_add_on(journey: Journey) -> None:
    journey.fault("heroku", "POST", ADDONS, drop="after")
    journey.reach(Stage.WAITING_FOR_CONSENT)
    assert journey.calls("POST", "/addons") == 1
    assert len(journey.running.addons()) == 1


def test_a_patch_that_did_nothing_is_sent_again(journey: Journey) -> None:
    journey.running.behave(ignored_patches=2)
    journey.reach(Stage.WAITING_FOR_CONSENT)
    assert journey.calls("PATCH", "/connections/") == 3


def test_a_slow_provisioning_is_waited_for(journey: Journey) -> None:
    journey.running.behave(provisioning_seconds=3600)
    seen = journey.advance()
    assert (seen.stage, seen.waiting_on) == (Stage.CREATING_ADDON, WaitingOn.HEROKU)
    journey.running.advance(3600)
    journey.reach(Stage.LIVE)


def test_a_delayed_import_is_not_treated_as_finished(journey: Journey) -> None:
    journey.running.behave(import_lag_seconds=30)
    journey.reach(Stage.IMPORTING_MAPPINGS)
    for _ in range(3):
        assert journey.advance().stage == Stage.IMPORTING_MAPPINGS
    assert journey.calls("POST", "/actions/import") == 1
    journey.running.advance(60)
    journey.reach(Stage.LIVE)


def until_refused(journey: Journey) -> Connection:
    """Advance until a call is refused: Heroku provisions an add-on only after a while."""
    seen = journey.advance()
    for _ in range(10):
        if seen.blocked_at or seen.last_error:
            break
        seen = journey.advance()
    return seen


# --- faults that need a person -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stage", "system", "method", "path", "fault", "words"),
    [
        ("creating_addon", "heroku", "POST", ADDONS, {"status": 402}, "402"),
        ("creating_addon", "heroku", "POST", ADDONS, {"status": 403}, "403"),
        ("linking", "central", "POST", "/auth/", {"status": 404}, "404"),
        ("configuring_database", "region", "PATCH", "", {"status": 400}, "400"),
        ("publishing_link", "salesforce", "POST", "AuthConnection", {"status": 404}, "package"),
        ("importing_mappings", "region", "POST", "/actions/import$", {"status": 400}, "400"),
    ],
)
def test_a_permanent_fault_blocks_with_the_peers_message_and_a_retry_continues(
    journey: Journey,
    stage: str,
    system: str,
    method: str,
    path: str,
    fault: dict[str, Any],
    words: str,
) -> None:
    journey.fault(system, method, path, **fault)
    seen = journey.reach(Stage(stage))
    while not seen.blocked_at:
        seen = journey.advance()
    assert seen.stage == stage
    assert words in seen.blocked_reason
    assert Message.objects.filter(kind=MessageKind.BLOCKED).count() == 1
    Connection.objects.update(blocked_at=None, blocked_reason="")
    journey.connection.refresh_from_db()
    journey.reach(Stage.LIVE)
    journey.assert_made_once()


def test_a_name_that_belongs_to_another_account_blocks(journey: Journey) -> None:
    taken = "hc-" + hashlib.sha256(b"multiconnect-test").hexdigest()[:6]
    name = f"{taken}-{journey.org_id.lower()}-1"
    journey.running.behave(taken_names=[name])
    seen = journey.advance()
    assert "belongs to another account" in seen.blocked_reason


def test_nothing_is_overwritten_at_heroku_until_a_manager_allows_it(journey: Journey) -> None:
    attachment = f"HC_{journey.org_id}_1".upper()
    journey.set_config_var(f"{attachment}_URL", "made by hand")
    seen = journey.advance()
    assert seen.blocked_kind == BlockedKind.OVERWRITES
    assert f"a config var {attachment}_URL" in seen.blocked_reason
    assert journey.calls("POST", "/addons") == 1
    operate("retry", seen.pk, "olga", {})
    assert journey.advance().blocked_kind == BlockedKind.OVERWRITES
    assert journey.running.addons() == []
    assert operate("overwrite", seen.pk, "mia", {}).outcome == OperationOutcome.STARTED
    journey.connection.refresh_from_db()
    journey.reach(Stage.LIVE)
    journey.assert_made_once()


def test_a_lock_that_no_confirmation_opens_is_not_confirmed(journey: Journey) -> None:
    locked = {"id": "locked", "message": "The app is locked."}
    journey.fault("heroku", "POST", ADDONS, status=423, body=locked)
    seen = journey.advance()
    assert seen.blocked_kind == BlockedKind.PEER_REFUSED
    assert "The app is locked." in seen.blocked_reason
    assert operate("overwrite", seen.pk, "mia", {}).outcome == OperationOutcome.SKIPPED
    assert journey.calls("POST", "/addons") == 1


def test_a_refused_heroku_token_waits_for_staff_and_then_continues_automatically(
    journey: Journey,
) -> None:
    journey.running.behave(revoked_tokens=["HRKU-test-token"])
    seen = journey.advance()
    assert (seen.blocked_at, seen.waiting_on) == (None, WaitingOn.STAFF)
    journey.running.behave(revoked_tokens=[])
    journey.reach(Stage.LIVE)


def test_an_isvs_add_on_is_enrolled_so_that_nobody_needs_a_heroku_log_in(
    journey: Journey, settings: Any
) -> None:
    settings.HEROKU_CONNECT_ISV_SLUG = "acme-isv"
    journey.running.behave(isv_slugs=["acme-isv"])
    journey.reach(Stage.WAITING_FOR_CONSENT)
    [addon] = journey.running.addons()
    assert addon["isv_slug"] == "acme-isv"


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        ({"isv_teams": ["acme-team"]}, "heroku apps:transfer"),
        ({"isv_slugs": ["somebody-else"]}, "Correct HEROKU_CONNECT_ISV_SLUG"),
    ],
)
def test_a_refusal_of_the_isv_programme_says_what_to_do_and_a_retry_continues(
    journey: Journey, settings: Any, behaviour: dict[str, Any], words: str
) -> None:
    settings.HEROKU_CONNECT_ISV_SLUG = "acme-isv"
    journey.running.behave(**behaviour)
    seen = until_refused(journey)
    assert seen.blocked_kind == BlockedKind.ISV_REFUSED
    assert words in seen.blocked_reason
    journey.running.behave(**{name: [] for name in behaviour})
    operate("retry", seen.pk, "olga", {})
    journey.connection.refresh_from_db()
    journey.reach(Stage.WAITING_FOR_CONSENT)
    assert journey.running.addons()[0]["isv_slug"] == "acme-isv"


def test_an_add_on_that_has_an_isv_already_is_ours_only_after_we_asked(
    journey: Journey, settings: Any
) -> None:
    settings.HEROKU_CONNECT_ISV_SLUG = "acme-isv"
    another = {"id": "conflict", "message": "Add-on is already associated with an ISV"}
    journey.fault("heroku", "POST", "/enroll$", status=409, body=another)
    seen = until_refused(journey)
    assert seen.blocked_kind == BlockedKind.ISV_REFUSED
    assert "If it is yours, retry" in seen.blocked_reason
    journey.fault("heroku", "POST", "/enroll$", status=409, body=another)
    operate("retry", seen.pk, "olga", {})
    journey.connection.refresh_from_db()
    journey.reach(Stage.WAITING_FOR_CONSENT)


def test_a_lost_answer_of_the_enrolment_blocks_nobody(journey: Journey, settings: Any) -> None:
    settings.HEROKU_CONNECT_ISV_SLUG = "acme-isv"
    journey.fault("heroku", "POST", "/enroll$", drop="after")
    journey.reach(Stage.WAITING_FOR_CONSENT)


def test_an_enrolment_that_fails_at_heroku_is_tried_again_and_says_what_to_do(
    journey: Journey, settings: Any
) -> None:
    settings.HEROKU_CONNECT_ISV_SLUG = "acme-isv"
    failed = {"id": "internal_error", "message": "Failed to enroll add-on in Connect cell"}
    journey.fault("heroku", "POST", "/enroll$", status=500, body=failed)
    seen = until_refused(journey)
    assert seen.blocked_at is None
    assert "in Connect cell. If this lasts, open a ticket with Heroku" in seen.last_error
    journey.reach(Stage.WAITING_FOR_CONSENT)


def test_the_wrong_org_blocks_the_connection_and_nothing_is_imported(journey: Journey) -> None:
    journey.reach(Stage.WAITING_FOR_AUTHORIZATION)
    other = Admin(journey.running, new_org(journey.running, cast.CIRRUS))
    # The browser of Acme's admin, who chooses the user of another org at Heroku Connect.
    other.client = journey.admin.client
    # Cirrus has no access to Acme's My Domain, so the subscriber must have used the general log-in.
    Tenant.objects.update(login_domain="")
    journey.tenant.refresh_from_db()
    other.authorize(journey.tenant)
    seen = journey.advance()
    assert seen.stage == Stage.WAITING_FOR_AUTHORIZATION
    assert cast.CIRRUS["org_id"] in seen.blocked_reason
    assert journey.calls("POST", "/actions/import") == 0
    assert seen.organization_id == ""


def test_an_object_that_the_org_loses_after_the_import_blocks_with_its_name(
    journey: Journey,
) -> None:
    journey.running.behave(bulk_load_seconds=60)
    seen = journey.reach(Stage.LOADING)
    journey.running.control("POST", f"orgs/{journey.org_id}/uninstall")
    journey.running.advance(60)
    while not seen.blocked_at:
        seen = journey.advance()
    assert seen.stage == Stage.LOADING
    assert "Tweet__c (BAD_CONFIG)" in seen.blocked_reason


def test_a_grant_that_salesforce_took_back_is_asked_for_again(journey: Journey) -> None:
    journey.reach(Stage.WAITING_FOR_CONSENT)
    journey.admin.sign_in(journey.tenant)
    url = f"{journey.running.url}/control/orgs/{journey.org_id}/revoke"
    requests.post(url, timeout=10).raise_for_status()
    seen = journey.advance()
    assert seen.stage == Stage.WAITING_FOR_CONSENT
    assert Message.objects.filter(kind=MessageKind.SIGN_IN).count() == 2
    journey.reach(Stage.LIVE)
