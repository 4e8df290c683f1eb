"""Attackers at the registration: what each tries, and that it fails."""

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

import emulator as emulated
from connect import links as connect_links
from connect.models import Connection, Stage, WaitingOn
from connect.provisioning import reconciler, spending
from tenants import grants, links, orgid, orgs, sending
from tenants.models import (
    EventKind,
    Message,
    MessageStatus,
    OrgVerdict,
    Proof,
    SalesforceGrant,
    Source,
    Tenant,
)
from tests import cast
from tests.connect.journey import Journey
from tests.subscriber import Admin, new_org
from tests.tenants.callouts import callout, post, post_signed
from tests.tenants.salesforce import nothing_is_stored

pytestmark = pytest.mark.django_db

EVE = "eve@evil.example"
VICTIM = "victim@bystander.example"
LURE = "You have won: www.evil.example"


def advance(connection: Connection) -> Connection:
    """Let the reconciler look at once, as if the time for it had come."""
    Connection.objects.filter(pk=connection.pk).update(next_attempt_at=timezone.now())
    reconciler.advance(connection.pk)
    connection.refresh_from_db()
    return connection


def send_all() -> None:
    """Send every mail that is queued."""
    for message in Message.objects.filter(status=MessageStatus.QUEUED):
        sending.send(message.pk, message.attempts)


def mails_to(address: str) -> list[Any]:
    send_all()
    return [each for each in mail.outbox if address in each.to]


# --- a stranger who registers an org first -------------------------------------------------------


def test_who_registers_an_org_first_does_not_stay_its_contact(emulator: emulated.Running) -> None:
    new_org(emulator, cast.ACME)
    post(callout(admin_email=EVE, org_name=LURE, login_domain="evil.my.salesforce.com"))
    tenant = Tenant.objects.get()
    connection = advance(tenant.connections.get())
    [to_eve] = mails_to(EVE)
    eves_link = re.findall(r"/authenticate/[\w:-]+", to_eve.body)[0]

    admin = Admin(emulator, tenant.org_id)
    assert admin.sign_in(tenant) == 302
    tenant.refresh_from_db()
    assert tenant.admin_email == cast.ACME["admin_email"]
    # The domain is the org's own, as Salesforce says, and the stranger's link is dead.
    assert tenant.login_domain == cast.ACME["login_domain"]
    assert Client().get(eves_link).status_code == 404

    for _ in range(9):
        advance(connection)
    assert connection.stage == Stage.WAITING_FOR_AUTHORIZATION
    assert len(mails_to(EVE)) == 1
    assert mails_to(cast.ACME["admin_email"])
    assert not any(LURE in f"{each.subject}{each.body}" for each in mail.outbox)

    # The genuine callout of the package is accepted, and the stranger's words are gone.
    assert post_signed(callout()).status_code == 202
    tenant.refresh_from_db()
    assert tenant.name == cast.ACME["name"]


def test_the_package_overrides_a_stranger_before_anybody_signed_in() -> None:
    post(callout(admin_email=EVE, org_name=LURE))
    connection = advance(Tenant.objects.get().connections.get())
    assert mails_to(EVE)
    assert post_signed(callout()).status_code == 202
    assert not connection.addon_requested_at
    tenant = Tenant.objects.get()
    assert (tenant.admin_email, tenant.name) == (cast.ACME["admin_email"], cast.ACME["name"])


def test_a_stranger_cannot_choose_where_the_browser_goes(emulator: emulated.Running) -> None:
    post(callout(login_domain="evil.my.salesforce.com"))
    tenant = Tenant.objects.get()
    begun = Client().post("/auth/salesforce", {"link": links.signed_part(links.SIGN_IN, tenant)})
    assert begun["Location"].startswith(f"{emulator.url}/salesforce/login.salesforce.com/")


def test_a_stranger_cannot_keep_the_admin_out_with_a_wrong_namespace(
    emulator: emulated.Running, settings: Settings
) -> None:
    settings.FORCE_NAMESPACE = "hcmc"
    new_org(emulator, cast.ACME, namespace="hcmc")
    post(callout(namespace="zzz"))
    tenant = Tenant.objects.get()
    assert Admin(emulator, tenant.org_id).sign_in(tenant) == 302
    tenant.refresh_from_db()
    assert tenant.namespace == "hcmc"
    assert tenant.source_of("namespace") == Source.SALESFORCE


def test_a_namespace_that_is_trusted_is_the_only_one_that_counts(
    emulator: emulated.Running, settings: Settings
) -> None:
    settings.FORCE_NAMESPACE = "hcmc"
    new_org(emulator, cast.ACME, namespace="hcmc")
    post_signed(callout(namespace="zzz"))
    refused = Admin(emulator, cast.ACME["org_id"]).come_back(Tenant.objects.get())
    assert "not installed in the org with the namespace zzz" in refused.content.decode()


def test_a_stranger_cannot_revive_an_off_boarded_tenant() -> None:
    tenant = cast.enrol(cast.ACME)
    Tenant.objects.update(offboarded_at=tenant.registered_at)
    assert post(callout(admin_email=EVE)).status_code == 202
    tenant.refresh_from_db()
    assert tenant.offboarded_at is not None
    assert not Connection.objects.exists()
    assert not mails_to(EVE)


# --- somebody who got hold of a link -------------------------------------------------------------


@pytest.fixture
def waiting(emulator: emulated.Running) -> Journey:
    """Acme, waiting for Heroku Connect to be authorized."""
    journey = Journey(emulator, cast.ACME, Proof.SIGNED)
    journey.reach(Stage.WAITING_FOR_AUTHORIZATION)
    return journey


def test_a_leaked_link_cannot_spoil_a_connection(waiting: Journey) -> None:
    link = urlsplit(connect_links.authorize_url(waiting.tenant)).path
    opened = Client().get(link)
    assert opened.status_code == 200
    assert "Sign in to Salesforce first" in opened.content.decode()
    assert waiting.calls("POST", "/authorize_url") == 0

    # The thief has an org too, and signs in there.
    thief = Admin(waiting.running, new_org(waiting.running, cast.CIRRUS))
    signed = links.signed_part(links.SIGN_IN, waiting.tenant)
    Tenant.objects.update(login_domain="")
    assert thief.sign_in(waiting.tenant) == 403
    assert thief.client.post("/auth/salesforce", {"link": signed}).status_code == 302
    assert thief.client.get(link).status_code == 200
    assert waiting.advance().blocked_at is None


def test_on_another_device_the_admin_needs_one_more_click_and_loses_nothing(
    waiting: Journey,
) -> None:
    grant = waiting.tenant.grant
    waiting.admin.client = Client()
    assert waiting.admin.authorize(waiting.tenant) in (200, 302)
    assert waiting.reach(Stage.LIVE).organization_id == waiting.org_id
    kept = Tenant.objects.get().grant
    # The newer consent takes the place of the older one, which is revoked.
    assert kept.is_active
    assert kept.issued_at > grant.issued_at


# --- another user of the same org ----------------------------------------------------------------


def state_of(tenant: Tenant) -> tuple[object, ...]:
    """Return what another user's sign-in must not change."""
    tenant = Tenant.objects.get(pk=tenant.pk)
    grant = SalesforceGrant.objects.filter(tenant=tenant).values().first()
    return (tenant.admin_email, tenant.proof, tenant.sources, grant)


def with_intruder(emulator: emulated.Running) -> Journey:
    """Return a signed tenant in whose org Eve is a user who may do nothing."""
    rights = dict.fromkeys(("api_enabled", "view_all_data", "package_access"), False)
    return Journey(emulator, cast.ACME, Proof.SIGNED, users=[{"username": EVE, **rights}])


def intrude(journey: Journey) -> None:
    """Let Eve sign in at /authenticate, without a link."""
    eve = Admin(journey.running, journey.org_id)
    org = journey.running.org(journey.org_id)
    eve.user = f"{org['id']}/{org['users'][1]['id']}"
    form = {"environment": journey.tenant.environment}
    begun = eve.client.post("/auth/salesforce", form)
    refused = eve.come_back_from(begun["Location"])
    assert refused.status_code == 403
    assert "lacks API Enabled" in refused.content.decode()
    assert journey.running.grants()[-1]["revoked"]
    assert EVE in journey.tenant.events.get(kind=EventKind.CONSENT_REFUSED).text


def test_any_user_of_a_live_org_takes_over_nothing(emulator: emulated.Running) -> None:
    journey = with_intruder(emulator)
    journey.reach(Stage.LIVE)
    before = state_of(journey.tenant)
    intrude(journey)
    assert state_of(journey.tenant) == before
    grant = journey.tenant.grant
    assert grants.refresh(journey.tenant.pk, grant.access_token)


def test_any_user_of_an_org_that_waits_for_its_admin_takes_over_nothing(
    emulator: emulated.Running,
) -> None:
    journey = with_intruder(emulator)
    journey.reach(Stage.WAITING_FOR_CONSENT)
    link = urlsplit(links.sign_in_url(journey.tenant)).path
    before = state_of(journey.tenant)
    intrude(journey)
    assert state_of(journey.tenant) == before
    assert nothing_is_stored()
    assert Client().get(link).status_code == 200
    assert journey.advance().stage == Stage.WAITING_FOR_CONSENT
    assert journey.reach(Stage.WAITING_FOR_AUTHORIZATION).blocked_at is None


# --- somebody who bombs a mailbox ----------------------------------------------------------------


def test_a_stranger_cannot_bomb_a_mailbox_or_put_words_into_a_mail(settings: Settings) -> None:
    settings.REGISTRATIONS_PER_HOUR = 1000
    for number in range(30):
        org_id = orgid.normalize(f"00D7k{number:010d}")
        victim = VICTIM.replace("@", f"+{number}@") if number % 2 else VICTIM.upper()
        post(callout(org_id=org_id, org_name=f"{LURE} {number}", admin_email=victim))
    for connection in Connection.objects.all():
        advance(connection)
    send_all()
    assert Tenant.objects.count() == 30
    assert len(mail.outbox) == 3
    assert Message.objects.filter(status=MessageStatus.HELD).count() == 27
    for each in Message.objects.all():
        assert "evil.example" not in f"{each.subject}{each.text}{each.html}"


def test_one_click_stops_the_mails_and_nobody_is_reminded() -> None:
    post(callout(admin_email=VICTIM))
    connection = advance(Tenant.objects.get().connections.get())
    assert connection.next_attempt_at is None  # no reminder will ever be due
    [first] = mails_to(VICTIM)
    assert first.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = re.findall(r"<(.+)>", first.extra_headers["List-Unsubscribe"])[0]
    path = urlsplit(address).path
    # Its time may be another: the mail was written a moment before it was sent.
    assert path.rsplit(":", 2)[0] in first.body
    assert "This is not me" in Client().get(path).content.decode()
    assert Client().post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200

    post(callout(cast.DUNE, admin_email=VICTIM))
    advance(Connection.objects.get(tenant__org_id=cast.DUNE["org_id"]))
    assert len(mails_to(VICTIM)) == 1


# --- somebody who spends the ISV's money ---------------------------------------------------------


def signed_in(emulator: emulated.Running, who: dict[str, str]) -> Connection:
    """Register an org without a signature, and let its admin sign in."""
    org_id = new_org(emulator, who)
    post(callout(who))
    tenant = Tenant.objects.get(org_id=org_id)
    assert Admin(emulator, org_id).sign_in(tenant) == 302
    return tenant.connections.get()


def allow(emulator: emulated.Running, org_id: str, **user: bool) -> None:
    """Give permissions to the org's first user, or take them away."""
    user_id = emulator.org(org_id)["users"][0]["id"]
    emulator.control("PATCH", f"orgs/{org_id}/users/{user_id}", user)


@pytest.mark.parametrize(
    ("permission", "said"),
    [
        ("view_all_data", "View All Data"),
        ("api_enabled", "API Enabled"),
        ("package_access", "access to the package"),
    ],
)
def test_a_user_without_permissions_orders_nothing_and_reads_what_is_missing(
    emulator: emulated.Running, permission: str, said: str
) -> None:
    org_id = new_org(emulator, cast.DUNE)
    post(callout(cast.DUNE))
    tenant = Tenant.objects.get()
    allow(emulator, org_id, **{permission: False})
    admin = Admin(emulator, org_id)
    refused = admin.come_back(tenant)
    assert refused.status_code == 403
    assert said in refused.content.decode()
    connection = advance(tenant.connections.get())
    assert (connection.stage, emulator.addons()) == (Stage.WAITING_FOR_PROOF, [])
    assert nothing_is_stored()
    assert Tenant.objects.get().proof == Proof.NONE
    # The org's admin gives the permission to the same user, who signs in again.
    allow(emulator, org_id, **{permission: True})
    assert admin.sign_in(tenant) == 302
    assert advance(connection).addon_requested_at


def test_a_permission_taken_away_after_the_sign_in_stops_the_order(
    emulator: emulated.Running,
) -> None:
    connection = signed_in(emulator, cast.DUNE)
    org_id = connection.tenant.org_id
    allow(emulator, org_id, view_all_data=False)
    assert advance(connection).stage == Stage.WAITING_FOR_PROOF
    assert "View All Data" in connection.waiting_for
    assert connection.waiting_on == WaitingOn.SUBSCRIBER
    page = Client().get(urlsplit(links.sign_in_url(Tenant.objects.get())).path)
    assert "View All Data" in page.content.decode()
    allow(emulator, org_id, view_all_data=True)
    assert advance(connection).addon_requested_at
    assert connection.missing_access == []


def test_an_org_without_the_package_orders_nothing(emulator: emulated.Running) -> None:
    # A packaged client would not even let its user sign in.
    emulator.behave(client_app="connected")
    new_org(emulator, cast.DUNE, package_installed=False)
    post(callout(cast.DUNE))
    tenant = Tenant.objects.get()
    refused = Admin(emulator, tenant.org_id).come_back(tenant)
    assert refused.status_code == 403
    assert "the package: it is not installed" in refused.content.decode()
    connection = advance(tenant.connections.get())
    assert (connection.stage, emulator.addons()) == (Stage.WAITING_FOR_PROOF, [])


def test_nobody_orders_more_add_ons_a_day_than_the_cap(
    emulator: emulated.Running, settings: Settings
) -> None:
    settings.NEW_ADDONS_PER_DAY = 2
    team = (cast.ACME, cast.BOREALIS, cast.CIRRUS, cast.DUNE)
    connections = [advance(signed_in(emulator, who)) for who in team]
    assert len(emulator.addons()) == 2
    late = [each for each in connections if not each.addon_requested_at]
    assert {each.stage for each in late} == {Stage.CREATING_ADDON}
    assert {each.waiting_on for each in late} == {WaitingOn.STAFF}
    alert = Message.objects.get(kind="portal")
    assert "the daily cap is reached" in alert.subject

    day = spending.allow_more(late[0].stage_since.date(), 1, "mia")
    assert (day.limit, day.allowed_by) == (3, "mia")
    for each in late:
        advance(each)
    assert len(emulator.addons()) == 3


def test_a_blocked_org_waits_at_its_stage_until_the_block_is_lifted(waiting: Journey) -> None:
    orgs.decide(waiting.org_id, OrgVerdict.BLOCKED, actor="ada", why="Unpaid")
    waiting.admin.authorize(waiting.tenant)
    held = waiting.advance()
    assert held.stage == Stage.WAITING_FOR_AUTHORIZATION
    assert (held.waiting_on, held.next_attempt_at) == (WaitingOn.STAFF, None)
    assert "lift the block" in held.waiting_for
    orgs.lift(waiting.org_id, actor="ada")
    held.refresh_from_db()
    assert held.next_attempt_at is not None
    assert waiting.reach(Stage.LIVE).stage == Stage.LIVE
