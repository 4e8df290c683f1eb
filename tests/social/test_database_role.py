"""The job's own database role: made where it may be, and blind for all but its tables."""

import pytest
from django.db import DatabaseError, transaction
from django.db import connection as database
from psycopg import sql

from connect.models import Connection
from social import accounts, database_role, tenant_tables
from social.database_role import limited_transaction
from tests import cast
from tests.social.live_tenants import Live, go_live
from tests.social.test_post_table import row, write

pytestmark = pytest.mark.django_db


def tables() -> tenant_tables.TenantTables:
    (connection,) = accounts.live()
    return tenant_tables.tables_of(connection)


@pytest.fixture(params=[True, False], ids=["external id", "body key"])
def live(request: pytest.FixtureRequest) -> Live:
    """Acme, and the role, which the end of the test takes back."""
    assert database_role.ROLE in database_role.ensure("default")
    return go_live(cast.ACME, "acme", tweet_id=request.param)


def test_the_job_reads_and_writes_as_the_role(live: Live) -> None:
    assert list(accounts.read(tables()).by_handle) == ["acme"]
    assert write(live, row(7, "Hello")).inserted == 1
    assert write(live, row(7, "Hello", likes=9)).updated == 1
    assert [state for state, *_ in live.log()] == ["NEW", "NEW"]
    with limited_transaction(tables()) as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == (database_role.ROLE,)


@pytest.mark.parametrize("name", ["connect_connection", "tenants_salesforcegrant", "{log}"])
def test_the_role_sees_no_other_table(live: Live, name: str) -> None:
    log = sql.Identifier(live.schema, "_trigger_log").as_string()
    statement = sql.SQL("SELECT * FROM {}").format(sql.SQL(name.format(log=log)))
    denied = pytest.raises(DatabaseError, match="permission denied")
    with denied, limited_transaction(tables()) as cursor:
        cursor.execute(statement)


def test_the_callers_transaction_goes_on_as_before(live: Live) -> None:
    with transaction.atomic():
        write(live, row(7, "Hello"))
        assert Connection.objects.count() == 1


@pytest.mark.parametrize("table", ["account", "_trigger_log", "{posts}"])
def test_a_right_that_is_lost_is_given_again(live: Live, table: str) -> None:
    write(live, row(7, "Hello"))
    name = sql.Identifier(live.schema, table.format(posts=tables().post_table))
    # As when Heroku Connect makes the table again.
    lost = sql.SQL("REVOKE ALL ON {} FROM {}").format(name, sql.Identifier(database_role.ROLE))
    with database.cursor() as cursor:
        cursor.execute(lost)
    assert list(accounts.read(tables()).by_handle) == ["acme"]
    assert write(live, row(8, "Again")).inserted == 1


def test_a_second_set_up_keeps_it(live: Live) -> None:
    assert database_role.ensure("default") == f"role {database_role.ROLE} in default: kept"


def test_where_the_platform_makes_no_roles_the_set_up_says_so() -> None:
    with database.cursor() as cursor:
        cursor.execute("CREATE ROLE multiconnect_nobody; SET LOCAL ROLE multiconnect_nobody")
        said = database_role.ensure("default")
        cursor.execute("RESET ROLE")
    assert said.startswith(f"role {database_role.ROLE} in default: not made (")
