"""Writing posts into a tenant's schema. Heroku Connect sends them to Salesforce.

They are written in bulk, as an ordinary database user. The setting `xmlbinary` tells Heroku
Connect's triggers to send a change. A repeated write does not duplicate a post.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from psycopg import sql

from social.database_role import limited_transaction
from social.models import Post
from social.tenant_tables import TenantTables

MAX_BODY_LENGTH = 255  # characters of Tweet__c.Body__c
_JOINER = "\u200d"
# NUL, and halves of surrogate pairs, cannot be stored
_UNWRITABLE = re.compile("[\x00\ud800-\udfff]")
_LOCK = 0x706F7374  # "post"

PostRow = tuple[str, str, str, str, datetime, int, int]


@dataclass(frozen=True)
class WriteCounts:
    """The number of inserted posts, and of posts with changed counts."""

    inserted: int = 0
    updated: int = 0


def body_of(text: str) -> str:
    """Return a post's text as Salesforce can keep it: without NUL, at most 255 characters.

    It is never cut inside a visible character, such as a flag or an accented letter.
    """
    text = _UNWRITABLE.sub(lambda found: "" if found[0] == "\0" else "\ufffd", text).strip()
    if len(text) <= MAX_BODY_LENGTH:
        return text
    end = MAX_BODY_LENGTH
    while end > 0 and _joined(text, end):
        end -= 1
    return text[: end or MAX_BODY_LENGTH]


def row_of(post: Post, account: str) -> PostRow:
    """Return a post as a row for write()."""
    at = post.posted_at.astimezone(UTC).replace(tzinfo=None)  # the column has no time zone: UTC
    return (str(post.pk), account, post.body, post.author, at, post.likes, post.reposts)


def write(tables: TenantTables, rows: Iterable[PostRow]) -> WriteCounts:
    """Bring posts into the tenant's table: new ones inserted, counts of known ones updated.

    All or nothing. Raises django.db.Error.
    """
    with limited_transaction(tables) as cursor:
        cursor.execute(
            "SELECT set_config('xmlbinary', 'base64', true),"
            " pg_advisory_xact_lock(%s, hashtext(%s))",
            [_LOCK, tables.schema],
        )
        cursor.execute(_INCOMING)
        with cursor.copy(_COPY) as copy:
            for row in rows:
                copy.write_row(row)
        # A temporary table has no statistics, from which Postgres plans the joins below.
        cursor.execute("ANALYZE pg_temp.incoming_posts")
        if tables.key == "post_id":
            cursor.execute(_statement(_FILL_ID, tables))
        counts = [name for name in ("likes", "reposts") if name in tables.columns]
        if counts:
            cursor.execute(_statement(_UPDATE, tables, counts))
        updated = cursor.rowcount if counts else 0
        cursor.execute(_statement(_INSERT, tables))
        inserted = cursor.rowcount
        # Not left to the commit: this may run inside the caller's transaction.
        cursor.execute("DROP TABLE pg_temp.incoming_posts")
    return WriteCounts(inserted, updated)


# --- statements ----------------------------------------------------------------------------------

_INCOMING = """
DROP TABLE IF EXISTS pg_temp.incoming_posts;
CREATE TEMPORARY TABLE incoming_posts (
    post_id text NOT NULL, account text NOT NULL, body text NOT NULL, author text NOT NULL,
    posted_at timestamp NOT NULL, likes integer NOT NULL, reposts integer NOT NULL
) ON COMMIT DROP
"""
_COPY = "COPY pg_temp.incoming_posts FROM STDIN"
_INSERT = sql.SQL("""
INSERT INTO {schema}.{table} ({columns})
SELECT {values} FROM {source} AS incoming
WHERE NOT EXISTS (SELECT FROM {schema}.{table} AS known WHERE {known_key} = {incoming_key})
ORDER BY incoming.post_id::bigint
""")
# Ids are unique. Of two posts with the same text, the older one is used.
_SOURCES = {
    "post_id": sql.SQL("pg_temp.incoming_posts"),
    "body": sql.SQL(
        "(SELECT DISTINCT ON (lower(body)) * FROM pg_temp.incoming_posts"
        " ORDER BY lower(body), post_id::bigint)"
    ),
}
# Rows from before the field of X's id was mapped, or the package had one: without their id, they
# would be written a second time.
_FILL_ID = sql.SQL("""
UPDATE {schema}.{table} AS known SET {id} = incoming.post_id
FROM {bodies} AS incoming
WHERE known.id = (
    SELECT min(known.id) FROM {schema}.{table} AS known
    WHERE known.{id} IS NULL AND lower(known.{body}) = lower(incoming.body) AND {same_time}
        AND (known.sfid IS NOT NULL OR known._hc_lastop IS DISTINCT FROM 'FAILED')
) AND NOT EXISTS (SELECT FROM {schema}.{table} AS known WHERE known.{id} = incoming.post_id)
""")
# A row that Salesforce refused to create has nothing there to update.
_UPDATE = sql.SQL("""
UPDATE {schema}.{table} AS known SET {changes}
FROM pg_temp.incoming_posts AS incoming
WHERE {known_key} = {incoming_key} AND {same} AND ({differs})
    AND (known.sfid IS NOT NULL OR known._hc_lastop IS DISTINCT FROM 'FAILED')
""")


def _statement(template: sql.SQL, tables: TenantTables, counts: Iterable[str] = ()) -> sql.Composed:
    pairs = [(sql.Identifier(tables.columns[name]), _incoming(name)) for name in counts]
    return template.format(
        schema=sql.Identifier(tables.schema),
        table=sql.Identifier(tables.post_table),
        columns=sql.SQL(", ").join(map(sql.Identifier, tables.columns.values())),
        values=sql.SQL(", ").join(map(_incoming, tables.columns)),
        known_key=_keyed(tables, sql.Identifier("known", tables.columns[tables.key])),
        incoming_key=_keyed(tables, _incoming(tables.key)),
        same=sql.SQL("true") if tables.key == "post_id" else _same_time(tables),
        same_time=_same_time(tables),
        id=sql.Identifier(tables.columns.get("post_id", "")),
        body=sql.Identifier(tables.columns["body"]),
        bodies=_SOURCES["body"],
        source=_SOURCES[tables.key],
        changes=sql.SQL(", ").join(sql.SQL("{} = {}").format(*pair) for pair in pairs),
        differs=sql.SQL(" OR ").join(
            sql.SQL("known.{} IS DISTINCT FROM {}").format(*pair) for pair in pairs
        ),
    )


def _incoming(name: str) -> sql.Identifier:
    return sql.Identifier("incoming", name)


def _keyed(tables: TenantTables, column: sql.Identifier) -> sql.Composable:
    # Salesforce compares unique texts case-insensitively.
    return column if tables.key == "post_id" else sql.SQL("lower({})").format(column)


def _same_time(tables: TenantTables) -> sql.Composable:
    """Where rows are found by their text, the time shows whether it is the same post."""
    if "posted_at" not in tables.columns:
        return sql.SQL("true")
    time = sql.Identifier("known", tables.columns["posted_at"])
    return sql.SQL("{} = incoming.posted_at").format(time)


# --- where a text may be cut ---------------------------------------------------------------------


def _joined(text: str, end: int) -> bool:
    """Return whether a cut at `end` would split a visible character."""
    after, before = text[end], text[end - 1]
    if (
        unicodedata.category(after) in ("Mn", "Me", "Mc", "Cf")
        or "\U0001f3fb" <= after <= "\U0001f3ff"
    ):
        return True
    if before == _JOINER:
        return True
    return _is_flag_letter(after) and _flag_letters_before(text, end) % 2 == 1


def _is_flag_letter(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def _flag_letters_before(text: str, end: int) -> int:
    start = end
    while start > 0 and _is_flag_letter(text[start - 1]):
        start -= 1
    return end - start
