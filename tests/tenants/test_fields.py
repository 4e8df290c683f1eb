"""The encrypted column."""

from collections.abc import Iterator

import pytest
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.db import connection
from django.db.models import F
from pytest_django.fixtures import Settings

from tenants.fields import Unreadable
from tenants.models import SalesforceGrant
from tests import cast
from tests.standings import grant
from tests.tenants import keys

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _forget_keys() -> Iterator[None]:
    """Each test here reads the keys from the settings again."""
    keys.forget()
    yield
    keys.forget()


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
    keys.use(settings, keys.NEW_KEY, *settings.FERNET_KEYS)
    kept = SalesforceGrant.objects.get()
    assert kept.access_token == "00Dfake!token"
    kept.save()
    keys.use(settings, keys.NEW_KEY)
    assert SalesforceGrant.objects.get().access_token == "00Dfake!token"


def test_a_value_that_no_key_decrypts_is_known_as_such_and_saved_as_it_is(
    stored: SalesforceGrant, settings: Settings
) -> None:
    old, before = settings.FERNET_KEYS, at_rest()
    keys.use(settings, keys.NEW_KEY)
    found = SalesforceGrant.objects.get()
    assert isinstance(found.access_token, Unreadable)
    assert found.access_token == ""
    assert not found.is_readable
    found.save()
    assert at_rest() == before
    keys.use(settings, *old)
    assert SalesforceGrant.objects.get().access_token == "00Dfake!token"


def test_without_a_key_nothing_is_written(stored: SalesforceGrant, settings: Settings) -> None:
    keys.use(settings)
    with pytest.raises(ImproperlyConfigured, match="SECRET is not set"):
        stored.save()
