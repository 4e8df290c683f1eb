"""An installation in which all is well, at an address that really answers."""

from collections.abc import Iterator
from threading import Thread
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from django.conf import settings as portal_settings
from django.core.wsgi import get_wsgi_application
from django.utils import timezone
from pytest_django.fixtures import Settings

import emulator as emulated
from connect.mappings import templates
from connect.models import HostApp
from portal import roles
from portal.models import Heartbeat
from portal.project import schedules
from tenants.models import Message, MessageKind, MessageStatus
from tests.portal.admin.conftest import _roles, operator, sign_in, viewer

__all__ = ["_roles", "operator", "sign_in", "viewer"]  # fixtures of the staff

HOST = "isv-connect"


class _Silent(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Write nothing: the output belongs to the tests."""


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """The portal, served from a thread: its /healthz needs no database."""
    with make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=_Silent) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def well(
    db: None, emulator: emulated.Running, settings: Settings, address: str
) -> emulated.Running:
    """All that the portal needs, with the emulator in the place of the outside systems."""
    settings.PORTAL_URL = address
    emulator.behave(callbacks=[f"{address}/auth/salesforce/callback"])
    roles.ensure()
    schedules.ensure()
    templates.ensure_first()
    Heartbeat.objects.create(worker="host:1", beat_at=timezone.now())
    Message.objects.create(
        kind=MessageKind.PORTAL, to="ops@isv.example", status=MessageStatus.SENT, key="sent"
    )
    database = emulator.apps()[portal_settings.APP_NAME]["databases"]["DATABASE"]
    emulator.control("POST", "apps", {"name": HOST, "databases": {"DATABASE": database}})
    HostApp.objects.update(name=HOST)
    return emulator
