"""The database role of this use case: it sees the tables of Accounts and posts, and nothing else.

A transaction in a tenant's schema acts as this role where it exists, so that a mistake in a
statement reaches no other table of the tenant and none of the portal. Where the platform lets the
portal make no roles, the transaction acts as the portal's own user (docs/host-apps.md).
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import Error as DatabaseError
from django.db.backends.utils import CursorWrapper
from psycopg import sql

from connect import databases
from connect.write_errors.trigger_log import LOG
from social.tenant_tables import ACCOUNT, TenantTables

ROLE = "multiconnect_posts"
LOCK_TIMEOUT = "5s"  # a locked table of one tenant must not delay the others
STATEMENT_TIMEOUT = "60s"
# Connect's triggers write the log with the rights of the user who writes the row.
_GRANT = sql.SQL("""
GRANT USAGE ON SCHEMA {schema} TO {role};
GRANT SELECT ON {account} TO {role};
GRANT SELECT, INSERT, UPDATE ON {posts} TO {role};
GRANT INSERT ON {log} TO {role};
""")
_IS_MEMBER = """
SELECT count(*) FROM pg_roles WHERE rolname = %s AND pg_has_role(current_user, oid, 'MEMBER')
"""
# The last column: NULL without the role, else whether it has its rights in this schema.
_BEGIN = """
SELECT set_config('lock_timeout', %s, true), set_config('statement_timeout', %s, true), (
    SELECT coalesce(has_table_privilege(oid, to_regclass(%s), 'SELECT')
        AND has_table_privilege(oid, to_regclass(%s), 'INSERT')
        AND has_table_privilege(oid, to_regclass(%s), 'INSERT'), false)
    FROM pg_roles WHERE rolname = %s AND pg_has_role(current_user, oid, 'MEMBER'))
"""


def ensure(alias: str) -> str:
    """Make the role in a tenants' database; return a line that says so. Raises DatabaseAway."""
    name = sql.Identifier(ROLE)
    try:
        with databases.cursor_of(alias) as cursor:
            if is_there(cursor):
                return f"role {ROLE} in {alias}: kept"
            cursor.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(name))
            cursor.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(name))
    except databases.DatabaseAway:
        raise
    except DatabaseError as error:
        return f"role {ROLE} in {alias}: not made ({' '.join(str(error).split())[:100]})"
    return f"role {ROLE} in {alias}: made"


def is_there(cursor: CursorWrapper) -> bool:
    """Return whether the role exists, and this session may act as it."""
    cursor.execute(_IS_MEMBER, [ROLE])
    return bool(cursor.fetchone() == (1,))


@contextmanager
def limited_transaction(tables: TenantTables) -> Iterator[CursorWrapper]:
    """Open a transaction in a tenant's database, as the role and with short time limits.

    Raises DatabaseAway, a django.db.Error.
    """
    with databases.cursor_of(tables.database) as cursor:
        needed = [_qualified(tables, name) for name in (ACCOUNT.lower(), tables.post_table, LOG)]
        cursor.execute(_BEGIN, [LOCK_TIMEOUT, STATEMENT_TIMEOUT, *needed, ROLE])
        *_, is_granted = cursor.fetchone() or (None,)
        if is_granted is None:
            yield cursor
            return
        if not is_granted:  # a new schema, or Heroku Connect has made a table again
            _grant(cursor, tables)
        cursor.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(ROLE)))
        yield cursor
        # The caller's transaction may go on, in tables that the role does not see.
        cursor.execute("RESET ROLE")


def _grant(cursor: CursorWrapper, tables: TenantTables) -> None:
    posts = _qualified(tables, tables.post_table)
    log = _qualified(tables, LOG)
    role = sql.Identifier(ROLE)
    cursor.execute(
        _GRANT.format(
            schema=sql.Identifier(tables.schema),
            account=sql.Identifier(tables.schema, ACCOUNT.lower()),
            posts=sql.Identifier(tables.schema, tables.post_table),
            log=sql.Identifier(tables.schema, LOG),
            role=role,
        )
    )
    for table in (posts, log):
        cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [table])
        found = cursor.fetchone()
        if found and found[0]:  # quoted by Postgres itself
            name = sql.SQL(found[0])
            cursor.execute(sql.SQL("GRANT USAGE ON SEQUENCE {} TO {}").format(name, role))


def _qualified(tables: TenantTables, name: str) -> str:
    return sql.Identifier(tables.schema, name).as_string()
