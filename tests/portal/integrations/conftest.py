"""The integrations switched on, a webhook, and a receiver that answers as a test says."""

from collections.abc import Iterator

import pytest
from pytest_django.fixtures import Settings

from portal.integrations import signing
from portal.integrations.models import Webhook
from tests.connect.clients.rawpeer import RawPeer, says, serving
from tests.portal.admin.conftest import (  # noqa: F401  (fixtures)
    _roles,
    manager,
    operator,
    sign_in,
    superuser,
    viewer,
)


@pytest.fixture(autouse=True)
def switched_on(settings: Settings) -> None:
    settings.LIFECYCLE_WEBHOOKS = settings.READ_API = True


@pytest.fixture
def receiver(settings: Settings) -> Iterator[RawPeer]:
    """An address that the settings allow, which answers 200 unless a test says otherwise."""
    with serving() as peer:
        settings.WEBHOOK_PRIVATE_HOSTS = [peer.url.removeprefix("http://")]
        peer.plays(says("ok", Content_Type="text/plain"))
        yield peer


@pytest.fixture
def webhook(db: None, receiver: RawPeer) -> Webhook:
    """A webhook at the receiver, for all events."""
    return Webhook.objects.create(
        name="CRM", url=f"{receiver.url}/hook", host="127.0.0.1", secret=signing.new_secret()
    )
