"""An account that changes while somebody signs in, and accounts that may not sign in at all."""

from typing import Any

import pytest
from allauth.account.adapter import get_adapter
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from portal.models import AuditEntry, AuditKind
from tests.portal.door.conftest import code, is_in, sign_in

pytestmark = pytest.mark.django_db
NEW = "another-day-of-work-12"


def give_code(client: Client) -> Any:
    return client.post(reverse("mfa_authenticate"), {"code": code()}, follow=True)


@pytest.mark.parametrize("change", ["password", "is_active", "is_staff"])
def test_a_sign_in_that_has_begun_does_not_outlive_a_change_of_the_account(
    client: Client, app: User, change: str
) -> None:
    sign_in(client)
    if change == "password":
        app.set_password(NEW)
    else:
        setattr(app, change, False)
    app.save()
    page = give_code(client)
    assert not is_in(client)
    assert b"The account has changed or is not active" in page.content
    assert AuditEntry.objects.get(kind=AuditKind.SIGN_IN_FAILED).actor == "mia"


def test_afterwards_the_new_password_opens(client: Client, app: User) -> None:
    sign_in(client)
    app.set_password(NEW)
    app.save()
    give_code(client)
    sign_in(client, password=NEW)
    client.post(reverse("mfa_authenticate"), {"code": code(1)})
    assert is_in(client)


def test_the_passkey_of_a_deactivated_member_leads_back_to_the_login(
    client: Client, mia: User
) -> None:
    mia.is_active = False
    request = client.get("/admin/login/").wsgi_request
    answer = get_adapter().pre_login(
        request,
        mia,
        email_verification="none",
        signal_kwargs=None,
        email=None,
        signup=False,
        redirect_url=None,
    )
    assert answer["Location"] == "/admin/login/"
