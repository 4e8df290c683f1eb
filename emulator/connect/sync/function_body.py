"""Bodies of SQL functions."""

from psycopg import sql

from emulator.connect.sync.session import PgConnection


def body(conn: PgConnection, template: sql.SQL, **parts: sql.Composable) -> sql.Literal:
    """Fill a function body and quote it, so that no name in it can end the quotation."""
    return sql.Literal(template.format(**parts).as_string(conn))
