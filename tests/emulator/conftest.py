"""A real Postgres for the emulator's own tests: databases of their own on the test run's server."""

from collections.abc import Iterator
from itertools import count

import psycopg
import pytest

import emulator
from emulator.connect.sync import schemas
from emulator.connect.sync.session import PgConnection
from emulator.server.serving import Served, serve_world
from emulator.state import databases
from tests.databases import scratch
from tests.emulator import client
from tests.emulator.tenant import Tenant, make

_SCHEMAS = count(1)


def _connect(url: str) -> PgConnection:
    return psycopg.connect(url, autocommit=True)


@pytest.fixture(scope="session")
def emulator_database() -> Iterator[str]:
    """The address of the database that the emulator's tests share."""
    with scratch("multiconnect_emulator") as url:
        yield url


@pytest.fixture(scope="session")
def connect_conn(emulator_database: str) -> Iterator[PgConnection]:
    """Heroku Connect's own connection."""
    with _connect(emulator_database) as connection:
        yield connection


@pytest.fixture(scope="session")
def user_conn(emulator_database: str) -> Iterator[PgConnection]:
    """A tenant's application: a session that is not Heroku Connect's."""
    with _connect(emulator_database) as connection:
        yield connection


@pytest.fixture
def bare_conn() -> Iterator[PgConnection]:
    """A connection to a new database without extensions."""
    with scratch("multiconnect_bare") as url, _connect(url) as connection:
        yield connection


@pytest.fixture
def schema(connect_conn: PgConnection) -> Iterator[str]:
    """An unused schema name; the schema is dropped after the test."""
    name = f"sf_00db00000002ndmmam_{next(_SCHEMAS)}"
    yield name
    schemas.drop_schema(connect_conn, name)


@pytest.fixture(scope="session")
def hstore_conn(user_conn: PgConnection) -> PgConnection:
    """A user's session on a database with the hstore extension; without it the test is skipped."""
    if not databases.has_hstore(user_conn):
        pytest.skip("this PostgreSQL has no hstore extension")
    user_conn.execute("CREATE EXTENSION IF NOT EXISTS hstore WITH SCHEMA public")
    return user_conn


@pytest.fixture(params=["ordered writes", "merged writes"])
def merged_writes(request: pytest.FixtureRequest) -> bool:
    """Run a test in both modes of Connect, or in the one that this server supports."""
    if request.param == "ordered writes":
        request.getfixturevalue("hstore_conn")
        return False
    return True


@pytest.fixture
def tenant(
    connect_conn: PgConnection, user_conn: PgConnection, schema: str, merged_writes: bool
) -> Tenant:
    """Acme with its tables and an empty org, in each mode."""
    return make(connect_conn, user_conn, schema, merged_writes)


@pytest.fixture
def merging(connect_conn: PgConnection, user_conn: PgConnection, schema: str) -> Tenant:
    """Acme with merged writes, which every server supports."""
    return make(connect_conn, user_conn, schema, merged_writes=True)


@pytest.fixture
def ordered(connect_conn: PgConnection, hstore_conn: PgConnection, schema: str) -> Tenant:
    """Acme with ordered writes."""
    return make(connect_conn, hstore_conn, schema, merged_writes=False)


@pytest.fixture
def accounts(tenant: Tenant) -> Iterator[str]:
    """The name of Acme's schema, in each mode."""
    yield tenant.schema
    tenant.user.execute("RESET search_path")


@pytest.fixture(scope="session")
def served(emulator_database: str) -> Iterator[Served]:
    """A whole emulator whose clock stands still until a test moves it."""
    options = emulator.Options(
        database_url=emulator_database,
        app=client.APP,
        callback=client.CALLBACK,
        speed=0,
        behaviour=emulator.INSTANT,
    )
    with serve_world(options) as running:
        yield running


@pytest.fixture
def emulated(served: Served) -> Iterator[client.Emulated]:
    """That emulator, emptied, and a session with it."""
    served.world.reset()
    emulated = client.Emulated(served)
    yield emulated
    emulated.session.close()
