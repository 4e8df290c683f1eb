"""Registrations under load and with every outside system away."""

import json
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest
from django.db import connection as database
from django.test import Client
from pytest_django.fixtures import Settings

import emulator as emulated
from connect.models import Connection
from connect.provisioning import reconciler
from tenants.models import Event, EventKind, Tenant
from tests import cast
from tests.subscriber import new_org

CALLOUT = json.dumps(
    {"org_id": cast.ACME["org_id"], "org_name": "Acme", "admin_email": "ops@acme.example"}
)

Answer = TypeVar("Answer")


def register() -> int:
    answer = Client().post("/organizations", CALLOUT, content_type="application/json")
    return answer.status_code


def in_threads(threads: int, times: int, act: Callable[[], Answer]) -> list[Answer]:
    """Call `act` so many times from so many threads."""

    def once(_: int) -> Answer:
        try:
            return act()
        finally:
            database.close()

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(once, range(times)))


@pytest.mark.django_db(transaction=True)
def test_fifty_equal_callouts_from_twenty_threads_make_one_tenant_and_one_add_on(
    emulator: emulated.Running, settings: Settings
) -> None:
    settings.REGISTRATION_POLICY = "open"
    new_org(emulator, cast.ACME)
    assert set(in_threads(20, 50, register)) == {202}
    tenant = Tenant.objects.get()
    connection = Connection.objects.get(tenant=tenant)
    assert Event.objects.filter(kind=EventKind.REGISTERED).count() == 1
    in_threads(10, 20, lambda: reconciler.advance(connection.pk))
    orders = [c for c in emulator.calls() if c["method"] == "POST" and "addons" in c["path"]]
    assert len(orders) == 1
    assert len(emulator.addons()) == 1


@pytest.fixture
def silent_peer() -> Iterator[socket.socket]:
    """A port that takes connections and never answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.setblocking(False)
        yield listener


@pytest.mark.django_db
def test_the_registrations_answer_waits_for_no_outside_system(
    silent_peer: socket.socket, settings: Settings
) -> None:
    away = f"http://127.0.0.1:{silent_peer.getsockname()[1]}"
    for name in ("HEROKU_API_URL", "HEROKU_CONNECT_URL", "SALESFORCE_LOGIN_URL"):
        setattr(settings, name, away)
    settings.REGISTRATION_POLICY = "open"
    assert register() == 202
    assert Connection.objects.count() == 1
    with pytest.raises(BlockingIOError):
        silent_peer.accept()  # nobody has called


@pytest.mark.django_db
def test_the_broken_json_of_the_2016_package_is_kept_and_explained() -> None:
    broken = '{"org_id":"00DB00000002NDmMAM","admin_email":"ops@acme.example",' + (
        '"org_name":"Acme & Söhne "West""}'
    )
    answer = Client().post("/organizations", broken, content_type="application/json")
    assert answer.status_code == 400
    assert "quote" in answer.json()["message"]
    assert not Tenant.objects.exists()
