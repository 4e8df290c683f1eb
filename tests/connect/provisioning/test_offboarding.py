"""Off-boarding against the emulator, and starting over."""

from typing import Any

import pytest
from django.db import connection as database
from django.utils import timezone

from connect.models import Connection, Stage
from connect.operations import connection as operations
from tenants.models import Event, EventKind, SalesforceGrant
from tests.connect.journey import Journey

pytestmark = pytest.mark.django_db


def _offboard(journey: Journey, **facts: Any) -> Connection:
    Connection.objects.update(
        stage=Stage.OFFBOARDING, next_attempt_at=timezone.now(), blocked_at=None, **facts
    )
    journey.connection.refresh_from_db()
    return journey.advance()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("fate", ["keep", "drop"])
def test_off_boarding_deletes_the_add_on_and_keeps_or_drops_the_schema(
    journey: Journey, fate: str
) -> None:
    journey.reach(Stage.LIVE)
    seen = _offboard(journey, schema_fate=fate)
    assert seen.stage == Stage.OFFBOARDED
    assert not journey.running.addons()
    assert _exists(seen.schema_name) is (fate == "keep")
    assert journey.calls("POST", "/revoke") == 1
    assert not SalesforceGrant.objects.exists()
    journey.tenant.refresh_from_db()
    assert journey.tenant.offboarded_at is not None
    assert Event.objects.filter(kind=EventKind.OFFBOARDED).count() == 1
    kept = {"keep": "kept", "drop": "dropped"}[fate]
    assert _said(f"The add-on is deleted, and the schema is {kept}.")


def test_off_boarding_continues_if_salesforce_is_down(journey: Journey) -> None:
    journey.reach(Stage.LIVE)
    journey.fault("salesforce", "POST", "/revoke", status=503, times=100)
    _offboard(journey, schema_fate="keep")
    for _ in range(5):
        journey.advance()
    assert journey.connection.stage == Stage.OFFBOARDED
    assert not journey.running.addons()
    assert not SalesforceGrant.objects.exists()
    # What was not done is said.
    assert _said("Our access to Salesforce is not revoked there, only forgotten here")


REFUSALS = [{"status": 403}, {"status": 404}, {"status": 302, "headers": {"Location": "/"}}]


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_refused_revoke_ends_off_boarding_at_once_and_is_said(
    journey: Journey, refusal: dict[str, Any]
) -> None:
    journey.reach(Stage.LIVE)
    journey.fault("salesforce", "POST", "/revoke", times=100, **refusal)
    assert _offboard(journey, schema_fate="keep").stage == Stage.OFFBOARDED
    assert not journey.running.addons()
    assert _said("Our access to Salesforce is not revoked there, only forgotten here")


def test_no_retry_of_staff_renews_the_attempts_to_clean_up(journey: Journey) -> None:
    journey.reach(Stage.LIVE)
    journey.fault("salesforce", "POST", "/revoke", status=503, times=1000)
    _offboard(journey, schema_fate="keep")
    for _ in range(4):
        operations.operate("retry", journey.connection.pk, "olga", {})
        journey.advance()
    assert journey.connection.stage == Stage.OFFBOARDED


def test_what_was_not_revoked_is_said_also_when_the_add_on_is_deleted_later(
    journey: Journey,
) -> None:
    journey.reach(Stage.LIVE)
    journey.fault("salesforce", "POST", "/revoke", status=403)
    journey.fault("heroku", "DELETE", "/addons/", status=503, times=3)
    assert _offboard(journey, schema_fate="keep").stage == Stage.OFFBOARDING
    journey.fault("heroku", "DELETE", "/addons/", status=503, times=0)
    for _ in range(4):
        journey.advance()
    assert journey.connection.stage == Stage.OFFBOARDED
    assert _said("only forgotten here")


def test_an_end_before_anything_was_made_does_not_say_that_it_was_deleted(
    journey: Journey,
) -> None:
    assert _offboard(journey, schema_fate="keep").stage == Stage.OFFBOARDED
    assert _said("There was no add-on, and there was no schema.")


def _said(text: str) -> bool:
    return Event.objects.filter(text__contains=text).exists()


def test_starting_over_makes_the_next_generation_with_a_schema_of_its_own(
    journey: Journey,
) -> None:
    journey.reach(Stage.LIVE)
    _offboard(journey, schema_fate="keep", start_over=True)
    journey.connection = Connection.objects.get(tenant=journey.tenant, offboarded_at=None)
    seen = journey.reach(Stage.LIVE)
    assert (seen.generation, seen.schema_name) == (2, "sf_00db00000002ndmmam_2")
    journey.tenant.refresh_from_db()
    assert journey.tenant.offboarded_at is None


def _exists(schema: str) -> bool:
    with database.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [schema])
        return cursor.fetchone() is not None
