"""Attackers at the registration: what each tries, and that it fails."""

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core import mail
from django.test import Client
from pytest_django.fixtures import Settings

import emulator as emulated
from connect import links as connect_links
from connect.models import Connection, Stage, WaitingOn
from connect.provisioning import reconciler, spending
from tenants import links, orgid, orgs, sending
from tenants.models import Message, MessageStatus, OrgVerdict, Proof, Tenant
from tests import cast
from tests.connect.journey import Journey
from tests.subscriber import Admin, new_org
from tests.tenants.callouts import callout, post, post_signed

pytestmark = pytest.mark.django_db

EVE = "eve@evil.example"
VICTIM = "victim@bystander.example"
LURE = "You have won: www.evil.example"


def advance(connection: Connection) -> Connection:
    """Let the reconciler do what is due."""
    reconciler.advance(connection.pk, hurry=True)
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
    assert (kept.refresh_token, kept.issued_at) == (grant.refresh_token, grant.issued_at)


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
    assert path in first.body
    assert "This is not me" in Client().get(path).content.decode()
    assert Client().post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200

    post(callout(cast.DUNE, admin_email=VICTIM))
    advance(Connection.objects.get(tenant__org_id=cast.DUNE["org_id"]))
    assert len(mails_to(VICTIM)) == 1


# --- somebody who spends the ISV's money ---------------------------------------------------------


def signed_in(emulator: emulated.Running, who: dict[str, str], **user: bool) -> Connection:
    """Register an org without a signature, and let a user with some permissions sign in."""
    org_id = new_org(emulator, who)
    user_id = emulator.org(org_id)["users"][0]["id"]
    emulator.control("PATCH", f"orgs/{org_id}/users/{user_id}", user)
    post(callout(who))
    tenant = Tenant.objects.get(org_id=org_id)
    assert Admin(emulator, org_id).sign_in(tenant) == 302
    return advance(tenant.connections.get())


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
    connection = signed_in(emulator, cast.DUNE, **{permission: False})
    assert (connection.stage, emulator.addons()) == (Stage.WAITING_FOR_PROOF, [])
    assert said in connection.waiting_for
    assert connection.waiting_on == WaitingOn.SUBSCRIBER
    page = Client().get(urlsplit(links.sign_in_url(Tenant.objects.get())).path)
    assert said in page.content.decode()
    # The org's admin gives the permission to the same user.
    org = emulator.org(cast.DUNE["org_id"])
    path = f"orgs/{org['id']}/users/{org['users'][0]['id']}"
    emulator.control("PATCH", path, {permission: True})
    assert advance(connection).stage == Stage.PUBLISHING_LINK or connection.addon_requested_at
    assert connection.missing_access == []


def test_an_org_without_the_package_orders_nothing(emulator: emulated.Running) -> None:
    new_org(emulator, cast.DUNE, package_installed=False)
    post(callout(cast.DUNE))
    tenant = Tenant.objects.get()
    assert Admin(emulator, tenant.org_id).sign_in(tenant) == 302
    connection = advance(tenant.connections.get())
    assert (connection.stage, emulator.addons()) == (Stage.WAITING_FOR_PROOF, [])
    assert "the package: it is not installed" in connection.waiting_for


def test_nobody_orders_more_add_ons_a_day_than_the_cap(
    emulator: emulated.Running, settings: Settings
) -> None:
    settings.NEW_ADDONS_PER_DAY = 2
    team = (cast.ACME, cast.BOREALIS, cast.CIRRUS, cast.DUNE)
    connections = [signed_in(emulator, who) for who in team]
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
