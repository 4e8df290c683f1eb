"""`rotate_secret` for second factors: their secrets lie in a column of django-allauth."""

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator

from tenants import encryption
from tenants.encryption import Rotation

ENCRYPTED = {"secret", "seed"}  # of an app, and of recovery codes


def count() -> int:
    """Return how many factors have a secret."""
    return int(Authenticator.objects.filter(data__has_any_keys=[*ENCRYPTED]).count())


def move(rotation: Rotation) -> None:
    """Encrypt the secret of every factor with the first key of SECRET."""
    for row in Authenticator.objects.filter(data__has_any_keys=[*ENCRYPTED]).order_by("pk"):
        (name,) = ENCRYPTED & row.data.keys()
        stored = row.data[name]
        if encryption.is_current(stored.encode()):
            rotation.current += 1
            continue
        plain = get_adapter().decrypt(stored)
        data = {**row.data, name: get_adapter().encrypt(plain)}
        if not plain:
            rotation.unreadable += 1
        elif Authenticator.objects.filter(pk=row.pk, data=row.data).update(data=data):
            rotation.rewritten += 1
        else:
            rotation.changed += 1


encryption.register(count, move)
