"""Stored causes, grouped again after the grouping has changed. For migrations."""

from psycopg import sql

from connect.write_errors.cause import CAUSE

# What the grouping itself put in, as what it stood for: so a cause of today stays as it is.
_UNGROUPED = sql.SQL("replace(replace({value}, '#', '0'), '<id>', 'A00000000000000')")
_AGAIN = sql.SQL("""(
    SELECT CASE WHEN {value} = 'no message' THEN {value} ELSE {cause} END
    FROM (SELECT {ungrouped} AS sf_message) AS entry
)""")


def grouped_again(column: str) -> sql.Composed:
    """Return the cause of a stored cause, as SQL. `column` is SQL that gives a text."""
    value = sql.SQL(column)  # a migration's own text
    return _AGAIN.format(value=value, cause=CAUSE, ungrouped=_UNGROUPED.format(value=value))
