"""`rotate_secret` for second factors: their secrets lie in a column of django-allauth."""

from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator

from portal.door.adapters import UnreadableSecretError
from tenants import encryption
from tenants.encryption import Rotation

ENCRYPTED = {"secret", "seed"}  # of an app, and of recovery codes


def count() -> int:
    """Return how many factors have a secret."""
    return int(_factors().count())


def move(rotation: Rotation) -> None:
    """Encrypt the secret of every factor with the first key of SECRET."""
    for row in _factors().order_by("pk"):
        (name,) = ENCRYPTED & row.data.keys()
        if encryption.is_current(row.data[name].encode()):
            rotation.current += 1
        elif not is_readable(row):
            rotation.unreadable += 1
        elif _encrypt_again(row, name):
            rotation.rewritten += 1
        else:
            rotation.changed += 1


def _encrypt_again(row: Authenticator, name: str) -> bool:
    """Return False if the row has changed since it was read."""
    adapter = get_adapter()
    data = {**row.data, name: adapter.encrypt(adapter.decrypt(row.data[name]))}
    return bool(Authenticator.objects.filter(pk=row.pk, data=row.data).update(data=data))


def is_readable(factor: Authenticator) -> bool:
    """Return whether a key of SECRET decrypts its secret; True if it has none, as a passkey."""
    try:
        for name in ENCRYPTED & factor.data.keys():
            get_adapter().decrypt(factor.data[name])
    except UnreadableSecretError:
        return False
    return True


def is_newest_readable() -> bool:
    """Return whether the newest factor can be read; True if there is none. One query."""
    newest = _factors().order_by("-pk").first()
    return newest is None or is_readable(newest)


def _factors() -> Any:
    return Authenticator.objects.filter(data__has_any_keys=[*ENCRYPTED])


encryption.register(
    encryption.Store("the newest second factor of staff", count, move, is_newest_readable)
)
