"""The encrypted column."""

import base64
from collections.abc import Iterator

import pytest
from cryptography.fernet import InvalidToken
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.db import connection
from django.db.models import F
from pytest_django.fixtures import Settings

from tenants.models import SalesforceGrant
from tests import cast
from tests.tenants.test_progress import grant

pytestmark = pytest.mark.django_db
NEW_KEY = base64.b64encode(b"another test-only key of 32 bytes").decode()


@pytest.fixture(autouse=True)
def _forget_keys() -> Iterator[None]:
    """The field keeps its keys in memory; each test here reads them from the settings again."""
    forget_keys()
    yield
    forget_keys()


def forget_keys() -> None:
    for name in ("access_token", "refresh_token"):
        field = SalesforceGrant._meta.get_field(name)
        for cached in ("keys", "fernet_keys", "fernet"):
            field.__dict__.pop(cached, None)


@pytest.fixture
def stored() -> SalesforceGrant:
    """A grant in the database."""
    return grant(cast.enrol(cast.ACME))


def at_rest() -> bytes:
    with connection.cursor() as cursor:
        cursor.execute("SELECT access_token FROM tenants_salesforcegrant")
        return bytes(cursor.fetchone()[0])


def test_tokens_are_encrypted_at_rest(stored: SalesforceGrant) -> None:
    assert b"00Dfake" not in at_rest()
    assert SalesforceGrant.objects.get().access_token == "00Dfake!token"


def test_bulk_updates_keep_the_value(stored: SalesforceGrant) -> None:
    stored.access_token = "00Dnew!token"
    SalesforceGrant.objects.bulk_update([stored], ["access_token"])
    assert SalesforceGrant.objects.get().access_token == "00Dnew!token"
    assert b"00Dnew" not in at_rest()


def test_a_copy_of_another_column_keeps_the_value(stored: SalesforceGrant) -> None:
    SalesforceGrant.objects.update(access_token=F("refresh_token"))
    assert SalesforceGrant.objects.get().access_token == "5Aepfake"


def test_an_empty_text_is_kept_as_one(stored: SalesforceGrant) -> None:
    SalesforceGrant.objects.update(access_token="")
    assert SalesforceGrant.objects.get().access_token == ""


def test_a_token_cannot_be_searched_for(stored: SalesforceGrant) -> None:
    with pytest.raises(FieldError):
        SalesforceGrant.objects.filter(access_token="00Dfake!token").exists()


def test_a_new_first_key_reads_old_rows_and_writes_new_ones(
    stored: SalesforceGrant, settings: Settings
) -> None:
    old = settings.FERNET_KEYS
    settings.FERNET_KEYS = [NEW_KEY, *old]
    forget_keys()
    kept = SalesforceGrant.objects.get()
    assert kept.access_token == "00Dfake!token"
    kept.save()
    settings.FERNET_KEYS = [NEW_KEY]
    forget_keys()
    assert SalesforceGrant.objects.get().access_token == "00Dfake!token"


def test_a_wrong_key_is_loud(stored: SalesforceGrant, settings: Settings) -> None:
    settings.FERNET_KEYS = [NEW_KEY]
    forget_keys()
    with pytest.raises(InvalidToken):
        SalesforceGrant.objects.get()


def test_without_a_key_nothing_is_written(stored: SalesforceGrant, settings: Settings) -> None:
    settings.FERNET_KEYS = []
    forget_keys()
    with pytest.raises(ImproperlyConfigured, match="SECRET is not set"):
        stored.save()
