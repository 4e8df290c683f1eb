"""`rotate_secret` moves the secrets of second factors too."""

from collections.abc import Iterator

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from pytest_django.fixtures import Settings

from tenants import encryption
from tenants.encryption import Rotation
from tests.tenants import keys

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _forget_keys() -> Iterator[None]:
    keys.forget()
    yield
    keys.forget()


@pytest.fixture
def factors() -> None:
    """An app and recovery codes of one member of staff."""
    mia = User.objects.create(username="mia", is_staff=True)
    for kind, name in (("totp", "secret"), ("recovery_codes", "seed")):
        data = {name: get_adapter().encrypt("ABC"), "other": 1}
        Authenticator.objects.create(user=mia, type=kind, data=data)


def rotate() -> Rotation:
    return encryption.rotate(lambda _rotation, _total: None)


def test_afterwards_the_new_key_alone_reads_them(factors: None, settings: Settings) -> None:
    keys.use(settings, keys.NEW_KEY, *settings.FERNET_KEYS)
    assert rotate().rewritten == 2
    assert rotate().current == 2
    keys.use(settings, keys.NEW_KEY)
    app = Authenticator.objects.get(type="totp")
    assert get_adapter().decrypt(app.data["secret"]) == "ABC"
    assert app.data["other"] == 1


def test_what_no_key_decrypts_is_counted_and_left_alone(factors: None, settings: Settings) -> None:
    before = list(Authenticator.objects.values_list("data", flat=True))
    keys.use(settings, keys.NEW_KEY)
    assert rotate().unreadable == 2
    assert list(Authenticator.objects.values_list("data", flat=True)) == before
