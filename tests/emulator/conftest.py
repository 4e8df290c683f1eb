"""A real Postgres for the emulator's own tests."""

import os
from collections.abc import Iterator
from itertools import count

import psycopg
import pytest

from emulator import tables
from emulator.session import Connection

_SCHEMAS = count(1)


def _connect() -> Connection:
    return psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)


@pytest.fixture(scope="session")
def connect_conn() -> Iterator[Connection]:
    """Heroku Connect's own connection to the database of the test run."""
    with _connect() as connection:
        yield connection


@pytest.fixture(scope="session")
def user_conn() -> Iterator[Connection]:
    """A tenant's application: the session of somebody who is not Heroku Connect."""
    with _connect() as connection:
        yield connection


@pytest.fixture
def schema(connect_conn: Connection) -> Iterator[str]:
    """A schema name that nobody uses; what a test makes under it is dropped."""
    name = f"sf_00db00000002ndmmam_{next(_SCHEMAS)}"
    yield name
    tables.drop_schema(connect_conn, name)


@pytest.fixture(scope="session")
def hstore_conn(user_conn: Connection) -> Connection:
    """A user's session on a database with the hstore extension; none, none of these tests."""
    if not tables.has_hstore(user_conn):
        pytest.skip("this PostgreSQL has no hstore extension")
    user_conn.execute("CREATE EXTENSION IF NOT EXISTS hstore WITH SCHEMA public")
    return user_conn


@pytest.fixture(params=["ordered writes", "merged writes"])
def merged_writes(request: pytest.FixtureRequest, user_conn: Connection) -> bool:
    """Run a test in both modes of Connect, or in the one that this server can do."""
    if request.param == "ordered writes":
        request.getfixturevalue("hstore_conn")
        return False
    return True
