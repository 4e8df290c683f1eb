"""A tenants' database that is away costs a run one wait, and the other tenants nothing."""

import socket
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from django.db import connections

from connect.models import HostApp
from portal import set_up
from social import accounts, database_role, delivery
from social.models import Delivery
from tests import cast
from tests.portal.admin import ready
from tests.social.live_tenants import Live, XSide, go_live
from tests.social.rounds import result, round_of

AWAY = "tenants_away"
pytestmark = pytest.mark.django_db(transaction=True, databases=["default", AWAY])


class Refuser:
    """A server that hangs up on everybody, and counts them."""

    def __init__(self) -> None:
        self.callers = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                caller, _ = self._socket.accept()
            except OSError:  # the test has ended
                return
            self.callers += 1
            caller.close()

    def close(self) -> None:
        self._socket.close()


@pytest.fixture(scope="module", autouse=True)
def _known_database(django_db_setup: None) -> Iterator[None]:
    """Django knows it before the tests ask for it, and can clean up behind them."""
    connections.settings[AWAY] = dict(connections.settings["default"])
    yield
    connections[AWAY].close()
    del connections[AWAY]
    del connections.settings[AWAY]


@pytest.fixture
def refuser(transactional_db: None) -> Iterator[Refuser]:
    """The database, not answering."""
    HostApp.objects.update(database="default")
    server = Refuser()
    settings = connections[AWAY].settings_dict
    before = dict(settings)
    options = {"sslmode": "disable", "gssencmode": "disable"}
    settings.update(HOST="127.0.0.1", PORT=str(server.port), OPTIONS=options)
    connections[AWAY].close()
    yield server
    connections[AWAY].close()
    settings.update(before)
    server.close()


@pytest.fixture(autouse=True)
def _nothing_remains(transactional_db: None) -> Iterator[None]:
    """No end of a transaction takes the schemas back, nor the role, which is the server's."""
    yield
    ready.drop_schemas()
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [database_role.ROLE])
        if cursor.fetchone():
            cursor.execute(f"DROP OWNED BY {database_role.ROLE}")
            cursor.execute(f"DROP ROLE {database_role.ROLE}")


def move(*tenants: Live) -> None:
    """Let the tenants' host app lead to the database that is away."""
    host = HostApp.objects.create(name="isv-connect-2", database=AWAY)
    for each in tenants:
        each.connection.host_app = host
        each.connection.save(update_fields=["host_app"])


def test_the_set_up_makes_the_role_where_no_host_app_is_yet() -> None:
    HostApp.objects.update(database="default")
    lines = set_up.run()
    assert [line for line in lines if f" in {AWAY}: " in line]


def test_the_set_up_names_it_and_goes_on(refuser: Refuser) -> None:
    lines = set_up.run()
    assert [line for line in lines if f"{AWAY} does not answer" in line]
    assert [line for line in lines if " in default: " in line]


def test_it_is_waited_for_once_in_a_run(x_side: XSide, refuser: Refuser) -> None:
    x_side.post("acme", "Hello")
    acme, *others = (
        go_live(who, "acme") for who in (cast.ACME, cast.BOREALIS, cast.CIRRUS, cast.DUNE)
    )
    move(*others)
    run = round_of()
    assert refuser.callers == 1
    assert (run.tenants, run.tenants_failed, run.inserted) == (4, 3, 1)
    assert acme.bodies() == ["Hello"]
    for each in others:
        assert f"{AWAY} does not answer" in result(run, each).error


def test_it_is_waited_for_once_when_it_goes_away_before_the_writing(
    x_side: XSide, refuser: Refuser
) -> None:
    x_side.post("acme", "Hello")
    for who in (cast.ACME, cast.BOREALIS):
        go_live(who, "acme")
    run = round_of()
    Delivery.objects.all().delete()  # all of it is to be written again
    tenant_runs = accounts.read_all()
    for each in tenant_runs:
        assert each.tables
        each.tables = replace(each.tables, database=AWAY)
    assert delivery.deliver(run, tenant_runs, float("inf"))
    assert (refuser.callers, run.tenants_failed) == (1, 2)
