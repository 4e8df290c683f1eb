"""Changing the keys of SECRET in a test."""

import base64

from pytest_django.fixtures import Settings

from connect.models import HostApp
from tenants.models import SalesforceGrant

NEW_KEY = base64.b64encode(b"another test-only key of 32 bytes").decode()


def use(settings: Settings, *keys: str) -> None:
    """Put other keys into SECRET, as a restart would."""
    settings.FERNET_KEYS = list(keys)
    forget()


def forget() -> None:
    """Let the columns read their keys from the settings again; they keep them in memory."""
    columns = [(SalesforceGrant, "access_token"), (SalesforceGrant, "refresh_token")]
    for model, name in [*columns, (HostApp, "token")]:
        field = model._meta.get_field(name)
        for cached in ("keys", "fernet_keys", "fernet"):
            field.__dict__.pop(cached, None)
