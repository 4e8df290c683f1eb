"""Salesforce's OAuth answers have limits of size, depth and time."""

import gzip
import resource
import time
from collections.abc import Callable, Iterator

import pytest
from django.db import connection
from pytest_django.fixtures import Settings

from tenants import grants, salesforce_backend
from tenants.http.limits import Limits
from tenants.models import GrantStatus, SalesforceGrant, Tenant
from tests import cast
from tests.connect.clients import rawpeer
from tests.connect.clients.rawpeer import RawPeer, drips, drips_after, says, serving
from tests.standings import grant

pytestmark = pytest.mark.django_db(transaction=True)
IMPATIENT = Limits(connect=0.5, read=0.25, total=0.6, body=1024 * 1024, retries=0)
MIB = 1024 * 1024


@pytest.fixture
def salesforce(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[RawPeer]:
    """A Salesforce that says what the test tells it to, and a portal with little patience."""
    monkeypatch.setattr(salesforce_backend, "LIMITS", IMPATIENT)
    with serving() as peer:
        settings.SALESFORCE_LOGIN_URL = settings.SALESFORCE_MY_DOMAIN_URL = peer.url
        yield peer


@pytest.fixture
def acme() -> Tenant:
    """A tenant with a grant."""
    return grant(cast.enrol(cast.ACME)).tenant


def bomb(size: int) -> bytes:
    """Return `size` bytes of JSON, compressed a thousandfold."""
    return gzip.compress(b'{"access_token": "' + b"a" * size + b'"}')


@pytest.mark.parametrize(
    "made",
    [
        pytest.param(lambda: says(bomb(200 * MIB), Content_Encoding="gzip"), id="gzip bomb"),
        pytest.param(lambda: says('{"access_token": "' + "a" * 2 * MIB + '"}'), id="large"),
        pytest.param(lambda: says("[" * 1000 + "]" * 1000), id="deep"),
        pytest.param(lambda: says("<html>"), id="a page"),
        pytest.param(lambda: drips(b"{" + b" " * 200, every=0.05), id="slow body"),
        pytest.param(
            lambda: drips_after(b"HTTP/1.1 200 OK\r\nX: ", b"x" * 200, 0.05), id="slow headers"
        ),
    ],
)
def test_a_hostile_answer_to_a_refresh_costs_little_and_the_grant_stays(
    acme: Tenant, salesforce: RawPeer, made: Callable[[], rawpeer.Script]
) -> None:
    salesforce.plays(made())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.monotonic()
    with pytest.raises(grants.GrantError) as caught:
        grants.refresh(acme.pk, stale=SalesforceGrant.objects.get().access_token)
    assert time.monotonic() - began < 8  # slow peers take 10
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50 * 1024  # KiB
    assert caught.value.retry
    kept = SalesforceGrant.objects.get()
    assert (kept.status, kept.access_token) == (GrantStatus.ACTIVE, "00Dfake!token")


def test_after_a_slow_refresh_the_row_is_free_again(acme: Tenant, salesforce: RawPeer) -> None:
    salesforce.plays(drips(b"{" + b" " * 200, every=0.05))
    with pytest.raises(grants.GrantError):
        grants.refresh(acme.pk, stale="00Dfake!token")
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM tenants_salesforcegrant FOR UPDATE NOWAIT")
        assert cursor.fetchone() == (1,)
