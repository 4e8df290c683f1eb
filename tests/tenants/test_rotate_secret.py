"""`rotate_secret` moves what is stored to the first key of SECRET."""

from collections.abc import Iterator
from io import StringIO

import pytest
from django.core.management import call_command
from pytest_django.fixtures import Settings

from tenants import encryption, grants
from tenants.encryption import Rotation
from tenants.models import EventKind, GrantStatus, SalesforceGrant, Tenant
from tests import cast
from tests.standings import grant
from tests.tenants import keys

pytestmark = pytest.mark.django_db
CAST = (cast.ACME, cast.BOREALIS, cast.CIRRUS)


@pytest.fixture(autouse=True)
def _forget_keys() -> Iterator[None]:
    keys.forget()
    yield
    keys.forget()


@pytest.fixture
def three() -> list[SalesforceGrant]:
    """Three tenants with a grant each, encrypted with the old key."""
    return [grant(cast.enrol(who)) for who in CAST]


def run() -> str:
    """Run the command and return what it prints."""
    out = StringIO()
    call_command("rotate_secret", stdout=out)
    return out.getvalue()


def rotate() -> Rotation:
    return encryption.rotate(lambda _rotation, _total: None)


def test_afterwards_the_new_key_alone_reads_everything(
    three: list[SalesforceGrant], settings: Settings
) -> None:
    keys.use(settings, keys.NEW_KEY, *settings.FERNET_KEYS)
    printed = run()
    assert "6 of 6 values: 6 encrypted again" in printed
    assert "The old keys may go" in printed
    keys.use(settings, keys.NEW_KEY)
    assert {each.access_token for each in SalesforceGrant.objects.all()} == {"00Dfake!token"}
    assert {each.refresh_token for each in SalesforceGrant.objects.all()} == {"5Aepfake"}


def test_it_can_be_interrupted_and_goes_on_where_it_stopped(
    three: list[SalesforceGrant], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encryption, "BATCH", 1)
    keys.use(settings, keys.NEW_KEY, *settings.FERNET_KEYS)

    def interrupt(rotation: Rotation, total: int) -> None:
        if rotation.seen == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        encryption.rotate(interrupt)
    assert {each.access_token for each in SalesforceGrant.objects.all()} == {"00Dfake!token"}
    again = rotate()
    assert (again.current, again.rewritten) == (4, 2)


def test_a_second_run_changes_nothing(three: list[SalesforceGrant], settings: Settings) -> None:
    keys.use(settings, keys.NEW_KEY, *settings.FERNET_KEYS)
    rotate()
    again = rotate()
    assert (again.current, again.rewritten, again.unreadable) == (6, 0, 0)


def test_a_token_that_is_refreshed_meanwhile_is_not_overwritten(
    three: list[SalesforceGrant], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys.use(settings, keys.NEW_KEY, *settings.FERNET_KEYS)
    is_current = encryption.is_current

    def refresh_first(ciphertext: bytes) -> bool:
        SalesforceGrant.objects.update(access_token="00Dnew!token", refresh_token="5Aepnew")
        return is_current(ciphertext)

    monkeypatch.setattr(encryption, "is_current", refresh_first)
    printed = run()
    assert "Run it again" in printed
    assert {each.access_token for each in SalesforceGrant.objects.all()} == {"00Dnew!token"}


def test_what_no_key_decrypts_is_lost_and_the_rest_is_moved(
    three: list[SalesforceGrant], settings: Settings
) -> None:
    old = settings.FERNET_KEYS
    keys.use(settings, keys.NEW_KEY)
    SalesforceGrant.objects.filter(pk=three[0].pk).update(access_token="00Dx", refresh_token="5A")
    printed = run()
    assert "No key of SECRET decrypts 4 values" in printed
    assert "Keep the old keys" in printed
    assert "may go" not in printed
    statuses = list(SalesforceGrant.objects.order_by("pk").values_list("status", flat=True))
    assert statuses == [GrantStatus.ACTIVE, GrantStatus.UNREADABLE, GrantStatus.UNREADABLE]
    assert three[1].tenant.events.filter(kind=EventKind.GRANT_LOST).count() == 1

    # The key is found again.
    keys.use(settings, keys.NEW_KEY, *old)
    assert "The old keys may go" in run()
    assert not SalesforceGrant.objects.exclude(status=GrantStatus.ACTIVE).exists()


def test_a_grant_that_cannot_be_read_is_lost_at_its_first_use(settings: Settings) -> None:
    tenant: Tenant = grant(cast.enrol(cast.ACME)).tenant
    keys.use(settings, keys.NEW_KEY)
    for use in (grants.access_token, lambda pk: grants.refresh(pk, stale="x")):
        with pytest.raises(grants.GrantLost):
            use(tenant.pk)
    assert SalesforceGrant.objects.get().status == GrantStatus.UNREADABLE
    assert tenant.events.get(kind=EventKind.GRANT_LOST).text.startswith("No key of SECRET")
