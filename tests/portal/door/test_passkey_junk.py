"""A credential that is none is refused, and nothing fails."""

import json

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from portal import audit
from portal.models import AuditEntry, AuditKind
from tests.portal.door.conftest import is_in, sign_in

pytestmark = pytest.mark.django_db
_HANDLE = {"id": "AA", "rawId": "AA", "type": "public-key", "response": {"userHandle": "AA"}}
JUNK = [
    '{"id":1}',
    "[" * 3000,
    "[]",
    "1",
    '{"response":[]}',
    '{"id":"AA","rawId":"AA","response":null}',
    json.dumps(_HANDLE),
    json.dumps({**_HANDLE, "response": {"clientDataJSON": "AA", "authenticatorData": "AA"}}),
    '{"id":"' + "A" * 100_000 + '"}',
]


@pytest.mark.parametrize("junk", JUNK)
def test_a_stranger_is_refused(client: Client, junk: str) -> None:
    client.get(reverse("mfa_login_webauthn"), headers={"x-requested-with": "XMLHttpRequest"})
    answer = client.post(reverse("mfa_login_webauthn"), {"credential": junk})
    assert answer["Location"] == "/admin/login/"
    assert not is_in(client)


def test_a_wrong_passkey_is_noted_and_a_flood_of_them_is_not(
    client: Client, settings: Settings
) -> None:
    # allauth's own limit, which each process counts alone.
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    client.get(reverse("mfa_login_webauthn"), headers={"x-requested-with": "XMLHttpRequest"})
    for _ in range(audit.NOTED + 5):
        client.post(reverse("mfa_login_webauthn"), {"credential": json.dumps(_HANDLE)})
    failed = AuditEntry.objects.filter(kind=AuditKind.SIGN_IN_FAILED, what="Wrong passkey")
    assert failed.count() == audit.NOTED


@pytest.mark.parametrize("junk", JUNK)
def test_it_is_refused_after_the_password_and_as_a_new_one(
    client: Client, app: User, junk: str
) -> None:
    sign_in(client)
    answer = client.post(reverse("mfa_authenticate"), {"credential": junk})
    assert answer.status_code == 200
    client.force_login(app)
    for name in ("mfa_add_webauthn", "mfa_reauthenticate_webauthn"):
        assert client.post(reverse(name), {"credential": junk}).status_code in (200, 302)
