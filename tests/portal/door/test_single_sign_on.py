"""Single sign-on with a real provider over HTTP: known staff come in, and nobody else."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import time_machine
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from portal import audit
from portal.models import AuditEntry, AuditKind, BulkRun
from tests.portal.door import provider as world
from tests.portal.door.conftest import LOGIN, is_in
from tests.portal.door.provider import Provider
from tests.portal.door.test_proof import end, tenants

pytestmark = pytest.mark.django_db
BEGIN = "/admin/account/oidc/sso/login/"
MIA = {"sub": "subject-of-mia", "email": "Mia@isv.example", "email_verified": True}


@pytest.fixture
def provider(settings: Settings) -> Iterator[Provider]:
    """The identity provider that the portal is set up with. Mia signs in at it."""
    with world.serve() as provider:
        provider.person = dict(MIA)
        settings.OIDC = True
        settings.OIDC_ISSUER = provider.url
        app = {
            "provider_id": "sso",
            "name": "Acme ID",
            "client_id": world.CLIENT,
            "secret": world.SECRET,
            "settings": {"server_url": provider.url, "token_auth_method": "client_secret_post"},
        }
        settings.SOCIALACCOUNT_PROVIDERS = {
            "openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}
        }
        yield provider


def come_back(client: Client, begin: str = BEGIN) -> HttpResponse:
    """Press the button, sign in at the provider, and follow the browser back."""
    there = client.post(begin)["Location"]
    back = requests.get(there, allow_redirects=False, timeout=5).headers["Location"]
    return client.get(back.removeprefix("http://testserver"))  # type: ignore[return-value]


def refusal(client: Client) -> str:
    """Return what the trail says of an attempt that failed with a page of ours."""
    page = come_back(client)
    assert page.status_code in (400, 403)
    assert b"Reference" in page.content
    assert not is_in(client)
    return AuditEntry.objects.filter(kind=AuditKind.SIGN_IN_FAILED).latest("pk").what


def test_a_member_of_staff_signs_in(client: Client, mia: User, provider: Provider) -> None:
    assert come_back(client)["Location"] == "/admin/"
    assert is_in(client)
    entry = AuditEntry.objects.get(kind=AuditKind.SIGNED_IN)
    assert (entry.actor, entry.what) == ("mia", "Signed in by single sign-on")
    assert set(provider.asked[0]["scope"].split()) == {"openid", "profile", "email"}
    assert SocialAccount.objects.get().uid == f"{provider.url} subject-of-mia"
    assert mia.check_password("a-day-of-work-12")  # the way in while the provider is away


def test_the_button_leads_to_the_page_that_was_asked_for(
    client: Client, mia: User, provider: Provider
) -> None:
    page = client.get(f"{LOGIN}?next=/admin/tenants/tenant/")
    begin = f"{BEGIN}?next=%2Fadmin%2Ftenants%2Ftenant%2F"
    assert f'action="{begin}"' in page.content.decode()
    assert f"form-action 'self' {provider.url}" in page["Content-Security-Policy"]
    assert come_back(client, begin)["Location"] == "/admin/tenants/tenant/"


def test_the_subject_counts_from_the_second_time_on(
    client: Client, mia: User, provider: Provider
) -> None:
    come_back(client)
    provider.person |= {"email": "mia.new-name@isv.example"}
    again = Client()
    come_back(again)
    assert is_in(again)


def test_an_address_that_changed_hands_opens_nothing(mia: User, provider: Provider) -> None:
    come_back(Client())
    provider.person |= {"sub": "subject-of-a-successor"}
    assert "another identity" in refusal(Client())


def test_the_same_subject_of_another_issuer_is_somebody_else(
    mia: User, provider: Provider, settings: Settings
) -> None:
    come_back(Client())
    uid = f"https://old.example {MIA['sub']}"
    SocialAccount.objects.update(uid=uid)
    provider.person |= {"email": "somebody@else.example"}
    assert "no staff have the address somebody@else.example" in refusal(Client())


@pytest.mark.parametrize(
    ("person", "why"),
    [
        ({"email": "stranger@isv.example"}, "no staff have the address stranger@isv.example"),
        ({"email_verified": False}, "no verified address"),
        ({"email": "two@isv.example"}, "2 staff have the address"),
        ({"email": "guest@isv.example"}, "no staff have the address guest@isv.example"),
    ],
    ids=["stranger", "unverified", "two people", "no staff"],
)
def test_an_identity_that_is_nobody_of_the_staff_is_refused(
    client: Client, mia: User, provider: Provider, person: dict[str, Any], why: str
) -> None:
    for name in ("two", "second"):
        User.objects.create_user(name, "two@isv.example", is_staff=True)
    User.objects.create_user("guest", "guest@isv.example")
    before = User.objects.count()
    provider.person |= person
    assert why in refusal(client)
    assert "You are not known here" in come_back(client).content.decode()
    assert User.objects.count() == before
    assert not SocialAccount.objects.exists()


def test_a_member_who_was_deactivated_stays_out(
    client: Client, mia: User, provider: Provider
) -> None:
    come_back(Client())
    User.objects.update(is_active=False)
    assert "mia is not an active member of staff" in refusal(client)


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ({"key": world.STRANGERS_KEY}, "Signature verification failed"),
        ({"claims": {"aud": "another client"}}, "Audience"),
        ({"claims": {"iss": "https://evil.example"}}, "issuer"),
        ({"claims": {"exp": 1}}, "expired"),
        ({"claims": {"sub": None}}, "ID token is not valid"),
    ],
    ids=["signature", "audience", "issuer", "expiry", "subject"],
)
def test_a_token_that_is_not_right_is_refused(
    client: Client, mia: User, provider: Provider, fault: dict[str, Any], why: str
) -> None:
    for name, value in fault.items():
        setattr(provider, name, value)
    assert why in refusal(client)


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ({"discovery": {"issuer": "https://evil.example"}}, "another issuer"),
        ({"discovery": {"token_endpoint": "http://evil.example"}}, "token_endpoint"),
        ({"discovery": {"jwks_uri": None}}, "jwks_uri"),
        ({"status": 503}, "503"),
        ({"url": ""}, "another issuer"),
    ],
    ids=["issuer", "unencrypted", "missing", "down", "empty"],
)
def test_a_provider_that_is_not_right_is_a_page_and_no_error(
    client: Client, mia: User, provider: Provider, fault: dict[str, Any], why: str
) -> None:
    for name, value in fault.items():
        setattr(provider, name, value)
    page = client.post(BEGIN)
    assert page.status_code == 400
    assert b"Single sign-on failed" in page.content
    assert why in AuditEntry.objects.latest("pk").what


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("", "Single sign-on failed"),
        ("?code=x", "Single sign-on failed"),
        ("?code=x&state=y", "Single sign-on failed"),
        ("?error=access_denied&state=STATE", "The sign-in was cancelled"),
        ("?error=server_error&state=STATE", "Single sign-on failed"),
    ],
)
def test_a_callback_without_a_sign_in_is_a_page(
    client: Client, mia: User, provider: Provider, query: str, title: str
) -> None:
    there = client.post(BEGIN)["Location"]
    state = there.partition("state=")[2].partition("&")[0]
    page = client.get(f"{BEGIN}callback/{query.replace('STATE', state)}")
    assert page.status_code == 400
    assert title in page.content.decode()


def test_callbacks_without_end_do_not_fill_the_trail(client: Client, provider: Provider) -> None:
    for number in range(audit.NOTED + 5):
        client.get(f"{BEGIN}callback/?error={number}")
    assert AuditEntry.objects.count() == audit.NOTED


def test_a_callback_counts_once_and_only_in_its_browser(mia: User, provider: Provider) -> None:
    mine, other = Client(), Client()
    there = mine.post(BEGIN)["Location"]
    back = requests.get(there, allow_redirects=False, timeout=5).headers["Location"]
    path = back.removeprefix("http://testserver")
    assert other.get(path).status_code == 400
    assert not is_in(other)
    assert mine.get(path).status_code == 302
    assert mine.get(path).status_code == 400


def test_a_person_without_a_password_proves_by_signing_in_again(
    client: Client, mia: User, provider: Provider
) -> None:
    mia.set_unusable_password()
    mia.save()
    acme = tenants(1)
    come_back(client)
    with time_machine.travel(timezone.now() + timedelta(minutes=20)):
        asked = client.get(end(client, acme)["Location"])
        assert b"Your account has no password" in asked.content
        assert not BulkRun.objects.exists()
        come_back(client)
        assert provider.asked[-1]["prompt"] == "login"
        end(client, acme)
    assert BulkRun.objects.get().actor == "mia"


@pytest.mark.parametrize("minutes", [20, None], ids=["long ago", "not said"])
def test_who_is_still_signed_in_at_the_provider_has_proved_nothing(
    client: Client, mia: User, provider: Provider, minutes: int | None
) -> None:
    """Else a stolen session would be enough: the provider leads back without a question."""
    signed_in = minutes and int((timezone.now() - timedelta(minutes=minutes)).timestamp())
    provider.claims["auth_time"] = signed_in
    come_back(client)
    assert is_in(client)
    assert "/account/again/" in end(client, tenants(1))["Location"]
    assert not BulkRun.objects.exists()


def test_a_link_adds_nothing_to_what_the_provider_is_asked(
    client: Client, mia: User, provider: Provider
) -> None:
    added = "auth_params=redirect_uri%3Dhttps%3A%2F%2Fevil.example%26prompt%3Dnone&process=connect"
    there = client.post(f"{BEGIN}?{added}&scope=admin")["Location"]
    assert "evil" not in there
    assert "prompt" not in there
    assert "admin" not in parse_qs(urlsplit(there).query)["scope"][0].split()
    come_back(client, f"{BEGIN}?{added}")
    assert is_in(client)


def test_without_its_settings_there_is_no_single_sign_on(client: Client) -> None:
    assert client.post(BEGIN).status_code == 404
    assert b"oidc" not in client.get(LOGIN).content
