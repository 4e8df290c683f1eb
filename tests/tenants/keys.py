"""Changing the keys of SECRET in a test."""

import base64

from pytest_django.fixtures import Settings

from tenants.models import SalesforceGrant

NEW_KEY = base64.b64encode(b"another test-only key of 32 bytes").decode()


def use(settings: Settings, *keys: str) -> None:
    """Put other keys into SECRET, as a restart would."""
    settings.FERNET_KEYS = list(keys)
    forget()


def forget() -> None:
    """Let the columns read their keys from the settings again; they keep them in memory."""
    for name in ("access_token", "refresh_token"):
        field = SalesforceGrant._meta.get_field(name)
        for cached in ("keys", "fernet_keys", "fernet"):
            field.__dict__.pop(cached, None)
