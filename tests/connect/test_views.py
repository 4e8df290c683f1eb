"""The two links that lead a subscriber's browser to Heroku Connect and back."""

from urllib.parse import urlsplit

import pytest
from django.test import Client
from django_q.models import OrmQ

from connect import links as connect_links
from connect import tasks
from connect.models import Stage
from tenants import grants, links
from tenants.models import EventKind, GrantStatus, Proof, SalesforceGrant
from tests import cast
from tests.connect.journey import Journey
from tests.subscriber import Admin

pytestmark = pytest.mark.django_db


LOOKED = "The portal looked at Heroku Connect after the admin's return"
DENIED = "The admin denied the access, or did not finish."


def looks(journey: Journey) -> list[str]:
    return [each.text for each in journey.tenant.events.filter(text__startswith=LOOKED)]


def path(url: str) -> str:
    return urlsplit(url).path


def test_the_link_leads_to_a_fresh_authorize_url_each_time(journey: Journey) -> None:
    journey.reach(Stage.WAITING_FOR_AUTHORIZATION)
    link = path(connect_links.authorize_url(journey.tenant))
    first, second = (journey.admin.client.get(link)["Location"] for _ in range(2))
    assert first != second
    assert first.startswith(journey.running.url)


def test_before_its_time_the_link_leads_to_the_subscribers_page(journey: Journey) -> None:
    journey.reach(Stage.WAITING_FOR_CONSENT)
    answer = Client().get(path(connect_links.authorize_url(journey.tenant)))
    assert "/authenticate/" in answer["Location"]


def test_after_the_authorization_the_link_leads_to_the_subscribers_page(journey: Journey) -> None:
    journey.reach(Stage.LIVE)
    answer = Client().get(path(connect_links.authorize_url(journey.tenant)))
    assert "/authenticate/" in answer["Location"]
    assert journey.calls("POST", "/authorize_url") == 1


def test_a_live_admin_who_asks_for_it_authorizes_again(journey: Journey) -> None:
    journey.reach(Stage.LIVE)
    link = f"{path(connect_links.authorize_url(journey.tenant))}?again"
    # Another browser has to show first that it is one of the org.
    assert 'value="authorize_again"' in Client().get(link).content.decode()
    answer = journey.admin.client.get(link)
    assert answer["Location"].startswith(journey.running.url)
    back = path(connect_links.auth_complete_url(journey.tenant))
    for query, looks_queued in (("", 0), ("?again", 1)):
        OrmQ.objects.all().delete()
        Client().get(back + query)
        assert OrmQ.objects.count() == looks_queued


def test_a_heroku_connect_that_is_down_becomes_a_page(journey: Journey) -> None:
    journey.reach(Stage.WAITING_FOR_AUTHORIZATION)
    journey.fault("region", "POST", "/authorize_url$", status=503)
    answer = journey.admin.client.get(path(connect_links.authorize_url(journey.tenant)))
    assert answer.status_code == 503
    assert answer["Retry-After"] == "60"
    assert "Nothing is lost" in answer.content.decode()


def test_coming_back_proves_nothing_but_hurries_the_look(journey: Journey) -> None:
    journey.reach(Stage.WAITING_FOR_AUTHORIZATION)
    OrmQ.objects.all().delete()
    answer = Client().get(path(connect_links.auth_complete_url(journey.tenant)))
    assert answer.status_code == 302
    journey.connection.refresh_from_db()
    assert journey.connection.stage == Stage.WAITING_FOR_AUTHORIZATION
    assert OrmQ.objects.count() == 1


def test_an_admin_who_denies_comes_back_and_can_try_again(journey: Journey) -> None:
    journey.reach(Stage.WAITING_FOR_AUTHORIZATION)
    assert journey.admin.authorize(journey.tenant, "deny") in (200, 302)
    assert journey.advance().stage == Stage.WAITING_FOR_AUTHORIZATION
    assert looks(journey) == [f"{LOOKED}: it is not authorized. {DENIED}"]
    # A look without a return has nothing to say.
    journey.advance()
    assert len(looks(journey)) == 1
    journey.reach(Stage.LIVE)
    assert journey.tenant.events.filter(kind=EventKind.AUTHORIZED).count() == 1


@pytest.mark.parametrize(
    ("decision", "ending"), [("deny", f"not authorized. {DENIED}"), ("allow", "authorized.")]
)
def test_what_a_live_admin_decided_at_heroku_connect_is_on_the_timeline(
    journey: Journey, decision: str, ending: str
) -> None:
    connection = journey.reach(Stage.LIVE)
    journey.running.control(
        "POST", f"connections/{connection.connection_id}/state", {"state": "UNAUTHORIZED"}
    )
    tasks.refresh_connection(connection.pk)
    journey.admin.authorize(journey.tenant, decision)
    tasks.refresh_connection(connection.pk)
    assert looks(journey) == [f"{LOOKED}: it is {ending}"]


def test_coming_back_is_on_the_timeline_once(journey: Journey) -> None:
    journey.reach(Stage.WAITING_FOR_AUTHORIZATION)
    for _ in range(2):
        Client().get(path(connect_links.auth_complete_url(journey.tenant)))
    back = journey.tenant.events.filter(text__startswith="The admin came back from Heroku Connect")
    assert [each.actor for each in back] == ["subscriber"]


def test_a_sign_in_on_the_way_to_heroku_connect_replaces_the_stored_grant(
    journey: Journey,
) -> None:
    journey.reach(Stage.WAITING_FOR_AUTHORIZATION)
    before = SalesforceGrant.objects.get()
    # Salesforce ends the grant; the portal has not noticed yet.
    journey.running.control("POST", f"orgs/{journey.org_id}/revoke", {})
    Admin(journey.running, journey.org_id).open_link(journey.tenant)
    grant = SalesforceGrant.objects.get()
    assert grant.status == GrantStatus.ACTIVE
    assert grant.refresh_token != before.refresh_token
    assert grants.refresh(journey.tenant.pk, stale=grant.access_token)


@pytest.mark.parametrize("route", ["connect", "connection_auth_complete"])
@pytest.mark.parametrize("signed", ["forged", "WzEsMV0:1abc:def"])
def test_a_forged_link_is_a_404(route: str, signed: str) -> None:
    assert Client().get(f"/{route}/{signed}").status_code == 404


@pytest.mark.parametrize("route", ["connect", "connection_auth_complete"])
def test_a_link_of_another_kind_is_a_404(journey: Journey, route: str) -> None:
    signed = links.signed_part(links.SIGN_IN, journey.tenant)
    assert Client().get(f"/{route}/{signed}").status_code == 404


@pytest.mark.parametrize("route", ["connect", "connection_auth_complete"])
def test_only_get_is_answered(route: str) -> None:
    assert Client().post(f"/{route}/any").status_code == 405


def test_a_tenants_link_never_touches_another_tenant(journey: Journey) -> None:
    journey.reach(Stage.WAITING_FOR_AUTHORIZATION)
    other = Journey(journey.running, cast.BOREALIS, Proof.STAFF)
    other.reach(Stage.WAITING_FOR_AUTHORIZATION)
    assert other.reach(Stage.LIVE).organization_id == other.org_id
    assert journey.advance().stage == Stage.WAITING_FOR_AUTHORIZATION
