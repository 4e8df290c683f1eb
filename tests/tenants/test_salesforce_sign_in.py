"""The subscriber's way to Salesforce and back, over real HTTP to the emulator."""

import logging
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ
from social_django.models import Nonce, UserSocialAuth

import emulator as emulated
from tenants import grants, links, orgs
from tenants.models import (
    Event,
    EventKind,
    GrantStatus,
    OrgVerdict,
    Proof,
    SalesforceGrant,
    Source,
    Tenant,
)
from tests import cast
from tests.subscriber import new_org
from tests.tenants.salesforce import begin, calls, decide, fail, nothing_is_stored, query

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme(emulator: emulated.Running) -> Tenant:
    """Acme, unproven, with its org at Salesforce."""
    new_org(emulator, cast.ACME)
    return cast.enrol(cast.ACME, proof=Proof.NONE)


def test_the_button_leads_to_the_orgs_own_login_with_pkce_and_state(
    acme: Tenant, client: Client, emulator: emulated.Running
) -> None:
    acme.take({"login_domain": acme.login_domain}, Source.SIGNED)
    acme.save()
    address = begin(client, acme)
    asked = query(address)
    assert address.startswith(f"{emulator.url}/salesforce/acme.my.salesforce.com/services/oauth2/")
    assert asked["response_type"] == "code"
    assert asked["client_id"] == "emulator-key"
    assert asked["redirect_uri"] == "http://testserver/auth/salesforce/callback"
    assert asked["scope"] == "api id refresh_token"
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["code_challenge"]) == 43
    assert len(asked["state"]) >= 32
    assert "prompt" not in asked
    assert query(begin(client, acme, again="1"))["prompt"] == "login"


@pytest.mark.parametrize(
    ("environment", "login_domain", "trusted", "host"),
    [
        ("production", "", True, "login.salesforce.com"),
        ("sandbox", "", True, "test.salesforce.com"),
        ("sandbox", "a--b.sandbox.my.salesforce.com", True, "a--b.sandbox.my.salesforce.com"),
        ("custom", "acme.my.salesforce.com", True, "acme.my.salesforce.com"),
        ("custom", "acme.my.salesforce.com", False, "login.salesforce.com"),
        ("custom", "a--b.sandbox.my.salesforce.com", False, "test.salesforce.com"),
    ],
)
def test_the_real_hosts_are_those_of_the_environment(
    environment: str, login_domain: str, trusted: bool, host: str
) -> None:
    tenant = Tenant(environment=environment)
    tenant.take({"login_domain": login_domain}, Source.SIGNED if trusted else Source.CALLOUT)
    assert tenant.login_url == f"https://{host}"


def test_a_sign_in_stores_the_grant_and_proves_the_org(
    acme: Tenant, client: Client, emulator: emulated.Running
) -> None:
    answer = client.get(decide(emulator, begin(client, acme), acme.org_id))
    assert answer.status_code == 302
    path = urlsplit(answer["Location"]).path
    assert client.get(path).status_code == 200

    grant = SalesforceGrant.objects.get()
    acme.refresh_from_db()
    assert (grant.tenant, grant.status) == (acme, GrantStatus.ACTIVE)
    assert grant.username == emulator.org(acme.org_id)["users"][0]["username"]
    assert grant.scopes == "api id refresh_token"
    assert grant.instance_url == f"{emulator.url}/salesforce/acme.my.salesforce.com"
    assert timezone.now() - grant.issued_at < timedelta(minutes=1)
    assert (acme.proof, acme.proven_at is not None) == (Proof.CONSENT, True)
    event = acme.events.get(kind=EventKind.CONSENTED)
    assert event.actor == "subscriber"
    assert grant.username in event.text
    assert acme.connections.get().stage == "waiting_for_proof"  # connect received the signal


def test_an_earlier_proof_stays_what_it_was(client: Client, emulator: emulated.Running) -> None:
    new_org(emulator, cast.ACME)
    tenant = cast.enrol(cast.ACME, proof=Proof.STAFF)
    client.get(decide(emulator, begin(client, tenant), tenant.org_id))
    tenant.refresh_from_db()
    assert tenant.proof == Proof.STAFF


def test_a_second_sign_in_replaces_the_first_one(
    acme: Tenant, client: Client, emulator: emulated.Running
) -> None:
    client.get(decide(emulator, begin(client, acme), acme.org_id))
    SalesforceGrant.objects.update(status=GrantStatus.REFUSED)
    first = SalesforceGrant.objects.get()
    client.get(decide(emulator, begin(client, acme), acme.org_id))
    second = SalesforceGrant.objects.get()
    assert second.status == GrantStatus.ACTIVE
    assert second.refresh_token != first.refresh_token


def test_a_second_sign_in_revokes_the_grant_that_it_replaces(
    acme: Tenant, client: Client, emulator: emulated.Running
) -> None:
    for _ in range(2):
        client.get(decide(emulator, begin(client, acme), acme.org_id))
        acme.refresh_from_db()
    assert [each["revoked"] for each in emulator.grants()] == [True, False]
    assert grants.refresh(acme.pk, SalesforceGrant.objects.get().access_token)


def test_a_first_grant_that_cannot_be_revoked_does_not_stop_the_second(
    acme: Tenant, client: Client, emulator: emulated.Running
) -> None:
    client.get(decide(emulator, begin(client, acme), acme.org_id))
    acme.refresh_from_db()
    fail(emulator, "/revoke", status=500)
    answer = client.get(decide(emulator, begin(client, acme), acme.org_id))
    assert answer.status_code == 302
    assert SalesforceGrant.objects.get().status == GrantStatus.ACTIVE


@pytest.mark.parametrize(
    ("source", "contact"),
    [
        (Source.CALLOUT, "ada@acme.example"),
        (Source.SIGNED, "ada@acme.example"),
        (Source.STAFF, "ops@acme.example"),
    ],
)
def test_the_contact_is_who_signed_in_unless_staff_chose_another(
    client: Client, emulator: emulated.Running, source: Source, contact: str
) -> None:
    new_org(emulator, {**cast.ACME, "admin_email": "ada@acme.example"})
    tenant = cast.enrol(cast.ACME, proof=Proof.NONE)
    tenant.take({"admin_email": tenant.admin_email}, source)
    tenant.save()
    client.get(decide(emulator, begin(client, tenant), tenant.org_id))
    tenant.refresh_from_db()
    assert tenant.admin_email == contact
    event = tenant.events.get(kind=EventKind.CONSENTED)
    assert ("The contact is now ada@acme.example" in event.text) == (source != Source.STAFF)


def test_a_user_of_a_blocked_org_cannot_sign_in(
    acme: Tenant, client: Client, emulator: emulated.Running
) -> None:
    orgs.decide(acme.org_id, OrgVerdict.BLOCKED, actor="ada", why="Spam")
    answer = client.get(decide(emulator, begin(client, acme), acme.org_id))
    assert answer.status_code == 403
    assert nothing_is_stored()
    assert all(each["revoked"] for each in emulator.grants())


def test_nobody_is_logged_in_and_no_user_is_made(
    acme: Tenant, client: Client, emulator: emulated.Running
) -> None:
    client.get(decide(emulator, begin(client, acme), acme.org_id))
    assert not User.objects.exists()
    assert not UserSocialAuth.objects.exists()
    assert "_auth_user_id" not in client.session
    assert not Nonce.objects.exists()


def test_the_login_of_staff_in_the_same_browser_stays_untouched(
    acme: Tenant, client: Client, emulator: emulated.Running
) -> None:
    ada = User.objects.create_superuser("ada")
    client.force_login(ada)
    client.get(decide(emulator, begin(client, acme), acme.org_id))
    assert client.session["_auth_user_id"] == str(ada.pk)
    assert User.objects.count() == 1
    assert not UserSocialAuth.objects.exists()
    assert SalesforceGrant.objects.get().username != "ada"


def test_two_tabs_do_not_disturb_each_other(
    acme: Tenant, client: Client, emulator: emulated.Running
) -> None:
    new_org(emulator, cast.BOREALIS)
    borealis = cast.enrol(cast.BOREALIS)
    first, second = begin(client, acme), begin(client, borealis)
    assert client.get(decide(emulator, second, borealis.org_id)).status_code == 302
    assert client.get(decide(emulator, first, acme.org_id)).status_code == 302
    assert {grant.tenant for grant in SalesforceGrant.objects.all()} == {acme, borealis}


# --- without a link ------------------------------------------------------------------------------
@pytest.mark.parametrize("who", [cast.CIRRUS, cast.BOREALIS])
def test_without_a_link_the_org_decides_whose_sign_in_it_is(
    client: Client, emulator: emulated.Running, who: dict[str, str]
) -> None:
    new_org(emulator, who)
    tenant = cast.enrol(who)
    begun = client.post("/auth/salesforce", {"environment": who["environment"]})
    answer = client.get(decide(emulator, begun["Location"], tenant.org_id))
    assert answer.status_code == 302
    assert SalesforceGrant.objects.get().tenant == tenant
    assert links.tenant_for(links.SIGN_IN, answer["Location"].rsplit("/", 1)[1]) == tenant


@pytest.mark.parametrize("known", [True, False])
def test_without_a_link_an_unknown_or_off_boarded_org_gets_a_page_and_its_grant_is_revoked(
    client: Client, emulator: emulated.Running, known: bool
) -> None:
    new_org(emulator, cast.CIRRUS)
    if known:
        cast.enrol(cast.CIRRUS)
        Tenant.objects.update(offboarded_at=timezone.now())
    begun = client.post("/auth/salesforce", {"environment": "production"})
    answer = client.get(decide(emulator, begun["Location"], cast.CIRRUS["org_id"]))
    assert answer.status_code == 404
    assert "We do not know this org" in answer.content.decode()
    assert cast.CIRRUS["org_id"] in answer.content.decode()
    assert nothing_is_stored()
    assert all(each["revoked"] for each in emulator.grants())


# --- secrets -------------------------------------------------------------------------------------
@pytest.fixture
def everything_logged(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """The log at its most talkative, as it would be written."""
    with caplog.at_level(logging.DEBUG):
        yield caplog


def test_no_token_reaches_the_log_the_queue_the_session_or_an_address(
    acme: Tenant,
    client: Client,
    emulator: emulated.Running,
    everything_logged: pytest.LogCaptureFixture,
) -> None:
    answer = client.get(decide(emulator, begin(client, acme), acme.org_id))
    grant = SalesforceGrant.objects.get()
    places = [
        everything_logged.text,
        answer["Location"],
        str(dict(client.session)),
        *(str(task.task) for task in OrmQ.objects.all()),
        *(f"{event.text} {event.data}" for event in Event.objects.all()),
        *(each["path"] + str(each.get("query", "")) for each in emulator.calls()),
    ]
    assert OrmQ.objects.exists()
    for token in (grant.access_token, grant.refresh_token):
        assert not [place for place in places if token in place]
    assert calls(emulator, "access_token=") == 0
