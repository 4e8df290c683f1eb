"""The limits of the addresses that strangers can call."""

import pytest
from django.test import Client

from connect import views as connect_views
from tenants import views
from tenants.models import RateBucket

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("method", "path", "name", "per_hour"),
    [
        ("get", "/connect/x", "connect", connect_views.AUTHORIZE_PER_HOUR),
        ("get", "/connection_auth_complete/x", "connect", connect_views.AUTHORIZE_PER_HOUR),
        ("post", "/auth/salesforce", "sign-in", views.SIGN_INS_PER_HOUR),
        ("get", "/auth/salesforce/callback", "callback", views.SIGN_INS_PER_HOUR),
        ("get", "/not-me/x", "not-me", views.NOT_ME_PER_HOUR),
    ],
)
def test_a_network_that_calls_too_often_gets_429_with_retry_after(
    method: str, path: str, name: str, per_hour: int
) -> None:
    call = getattr(Client(REMOTE_ADDR="192.0.2.7"), method)
    assert call(path).status_code != 429
    bucket = RateBucket.objects.get(key=f"{name}:192.0.2.7")
    assert per_hour - 1 <= bucket.tokens < per_hour
    RateBucket.objects.update(tokens=0)
    answer = call(path)
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) >= 1
    assert "Nothing is lost" in answer.content.decode()
    # Others are served as before.
    assert getattr(Client(REMOTE_ADDR="192.0.2.8"), method)(path).status_code != 429
