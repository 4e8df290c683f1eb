"""Posts: the write-back beside a raw COPY and one INSERT a row, and the calls to X in a run.

The write-back does more than these: it looks for known posts, updates their counts, keeps each
once.
"""

import math
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bench import harness
from bench.ratios import Ratio, count, of_pairs

if TYPE_CHECKING:
    from psycopg import sql

    from connect.models import Connection
    from social.post_table import PostRow
    from social.tenant_tables import TenantTables

    Act = Callable[[TenantTables, list[PostRow]], None]

ORG_ID = "00DB00000002NDmMAM"
POSTS = 5_000
KNOWN, NEW = 20_000, 10**9  # posts there before, and the first id of those that are new
ORDER = ("post_id", "account", "body", "author", "posted_at", "likes", "reposts")
INSERTS = 1_000  # rows of the application of 2016, which sent each by itself
HANDLES = 2_000
# X's limits and its way to ask, in characters: (from:a OR from:b) -is:retweet
QUERY, FRAME, BETWEEN = 512, len("() -is:retweet"), len(" OR ")
TERM = len("from:") + 15  # the longest handle, as all are here


def run() -> list[Ratio]:
    """Measure on one tenant with 2,000 Accounts."""
    connection = _tenant()
    return [*_write_back(connection), _calls(connection)]


# --- one tenant ----------------------------------------------------------------------------------


def _tenant() -> "Connection":
    from connect.models import Connection, Mapping, Stage
    from connect.schemas import name_for
    from tenants.models import Proof, Tenant

    tenant = Tenant.objects.create(
        org_id=ORG_ID, name="Acme", admin_email="ops@acme.example", proof=Proof.NONE
    )
    connection = Connection.objects.create(
        tenant=tenant,
        stage=Stage.LIVE,
        state="IDLE",
        schema_name=name_for(ORG_ID, 1),
        organization_id=ORG_ID,
    )
    for object_name, config in _schema(connection.schema_name).items():
        Mapping.objects.create(
            connection=connection,
            object_name=object_name,
            mapping_id=object_name,
            state="DATA_SYNCED",
            access="read_write",
            config=config,
        )
    return connection


def _schema(schema: str) -> dict[str, dict[str, Any]]:
    """Make the tenant's tables as Heroku Connect does; return the mappings' configs."""
    from django.db import connection as database

    from emulator import testing

    fields = {
        "Account": ("Id", "Name", "Twitter__c"),
        "Tweet__c": (
            *("Id", "Name", "SystemModstamp", "Account__c", "Author_Username__c", "Body__c"),
            *("Likes__c", "Retweets__c", "Time__c", "Tweet_Id__c"),
        ),
    }
    configs: dict[str, dict[str, Any]] = {
        object_name: {
            "access": "read_write",
            "fields": {name: {} for name in names},
            "indexes": {"Tweet_Id__c": {"unique": True}} if object_name == "Tweet__c" else {},
        }
        for object_name, names in fields.items()
    }
    mappings = [{"object_name": name, "config": config} for name, config in configs.items()]
    testing.make_tables(database.connection, schema, mappings)
    return configs


# --- the write-back ------------------------------------------------------------------------------


def _write_back(connection: "Connection") -> list[Ratio]:
    from social import tenant_tables

    tables = tenant_tables.tables_of(connection)
    new, half = _rows(POSTS), _rows(POSTS, first=KNOWN - POSTS // 2 + 1, likes=7)
    known = f"{KNOWN:,} posts there before"
    return [
        _against_copy(tables, 0, new, "all new, an empty table"),
        _against_copy(tables, KNOWN, half, f"half of them new, {known}"),
        _against_inserts(tables, half, f"half of them new, {known}"),
    ]


def _against_copy(tables: "TenantTables", known: int, rows: "list[PostRow]", which: str) -> Ratio:
    pairs = harness.in_turn(
        lambda: _timed(tables, known, _raw_copy, _rows(POSTS, first=NEW)),
        lambda: _timed(tables, known, _written, rows),
    )
    copy, ours = harness.medians(pairs)
    detail = f"{POSTS / ours:,.0f} rows a second, {POSTS / copy:,.0f} of COPY"
    name = f"time of a raw COPY of new posts with the trigger / of the write-back, {which}"
    return of_pairs(name, pairs, least=0.6, detail=detail)


def _against_inserts(tables: "TenantTables", rows: "list[PostRow]", which: str) -> Ratio:
    pairs = harness.in_turn(
        lambda: _timed(tables, KNOWN, _inserts, _rows(INSERTS, first=NEW)) / INSERTS,
        lambda: _timed(tables, KNOWN, _written, rows) / POSTS,
        5,
    )
    insert, ours = harness.medians(pairs)
    detail = f"{1 / ours:,.0f} rows a second, {1 / insert:,.0f} of INSERT"
    name = f"time of one INSERT a row, as in 2016 / of the write-back, a row, {which}"
    return of_pairs(name, pairs, least=3, detail=detail)


def _timed(tables: "TenantTables", known: int, act: "Act", rows: "list[PostRow]") -> float:
    """Return the seconds that `act` takes for rows, in a table with so many posts before."""
    from social import post_table

    _empty(tables)
    post_table.write(tables, _rows(known))
    _analyze(tables)  # as autovacuum would have, long before
    spent = harness.seconds(lambda: act(tables, rows))
    logged = _logged(tables)
    harness.claim(logged == known + len(rows), f"{logged} changes were logged for Heroku Connect")
    return spent


def _rows(many: int, first: int = 1, likes: int = 1) -> "list[PostRow]":
    at = datetime.now(UTC).replace(tzinfo=None)
    return [
        (str(number), f"001{number % 500:015d}", f"Post {number} {'x' * 100}", "acme", at, likes, 2)
        for number in range(first, first + many)
    ]


def _written(tables: "TenantTables", rows: "list[PostRow]") -> None:
    from social import post_table

    post_table.write(tables, rows)


def _inserts(tables: "TenantTables", rows: "list[PostRow]") -> None:
    from django.db import connection as database
    from django.db import transaction
    from psycopg import sql

    statement = sql.SQL("INSERT INTO {}.{} ({}) VALUES ({})").format(
        *_place(tables), sql.SQL(", ").join(sql.Placeholder() * len(ORDER))
    )
    with transaction.atomic(), database.cursor() as cursor:
        for row in rows:
            cursor.execute(statement, row)


def _raw_copy(tables: "TenantTables", rows: "list[PostRow]") -> None:
    from django.db import connection as database
    from django.db import transaction
    from psycopg import sql

    statement = sql.SQL("COPY {}.{} ({}) FROM STDIN").format(*_place(tables))
    with transaction.atomic(), database.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def _place(tables: "TenantTables") -> "tuple[sql.Composable, ...]":
    """Return the schema, the table and the columns of posts."""
    from psycopg import sql

    columns = sql.SQL(", ").join(sql.Identifier(tables.columns[name]) for name in ORDER)
    return sql.Identifier(tables.schema), sql.Identifier(tables.post_table), columns


def _logged(tables: "TenantTables") -> int:
    from django.db import connection as database
    from psycopg import sql

    log = sql.Identifier(tables.schema, "_trigger_log")
    with database.cursor() as cursor:
        cursor.execute(sql.SQL("SELECT count(*) FROM {}").format(log))
        return int(cursor.fetchone()[0])


def _empty(tables: "TenantTables") -> None:
    from django.db import connection as database
    from psycopg import sql

    with database.cursor() as cursor:
        for table in (tables.post_table, "_trigger_log"):
            names = sql.Identifier(tables.schema), sql.Identifier(table)
            cursor.execute(sql.SQL("TRUNCATE {}.{}").format(*names))


def _analyze(tables: "TenantTables") -> None:
    from django.db import connection as database
    from psycopg import sql

    table = sql.Identifier(tables.schema), sql.Identifier(tables.post_table)
    with database.cursor() as cursor:
        cursor.execute(sql.SQL("ANALYZE {}.{}").format(*table))


# --- calls ---------------------------------------------------------------------------------------


def _calls(connection: "Connection") -> Ratio:
    from django.conf import settings
    from django.db import connection as database
    from django.test import override_settings
    from psycopg import sql

    import emulator
    from social.collection import collect
    from social.models import Trigger

    names = [f"handle_{number:08d}" for number in range(HANDLES)]
    insert = sql.SQL("INSERT INTO {}.account (sfid, twitter__c) VALUES (%s, %s)").format(
        sql.Identifier(connection.schema_name)
    )
    with database.cursor() as cursor:
        cursor.executemany(insert, [(f"001{n:015d}", name) for n, name in enumerate(names)])
    fewest = math.ceil(HANDLES / ((QUERY - FRAME + BETWEEN) // (TERM + BETWEEN)))
    options = emulator.Options(database_url=settings.DATABASE_URL)
    with (
        emulator.serve(options) as running,
        override_settings(X_API_URL=f"{running.url}/x", X_BEARER_TOKEN="bench"),  # noqa: S106
    ):
        collect(Trigger.COMMAND)
        began = time.perf_counter()
        again = collect(Trigger.COMMAND)
        took = time.perf_counter() - began
    detail = (
        f"{again.calls} calls for {HANDLES:,} handles in {took:.1f} s, {again.posts_paid} paid for"
    )
    name = "calls to X of a round without new posts / the fewest possible"
    return count(name, again.calls / fewest, most=1.05, exact=True, detail=detail)
