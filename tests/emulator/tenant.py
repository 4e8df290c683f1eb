"""Acme's schema as Heroku Connect and a user of the database see it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql

from emulator.connect.sync import hstore, load, push, schemas, tables
from emulator.connect.sync.push import PushResult
from emulator.connect.sync.session import PgConnection
from emulator.org.org import Org
from tests.emulator.samples import (
    ACCOUNT,
    ACCOUNT_CONFIG,
    ACME_ID,
    MAPPINGS,
    NOW,
    TWEET,
    TWEET_CONFIG,
    acme,
)


def run(conn: PgConnection, statement: str, schema: str, values: Any = None) -> psycopg.Cursor[Any]:
    """Execute a statement in which {s} is the schema."""
    return conn.execute(sql.SQL(statement).format(s=sql.Identifier(schema)), values)


def log(conn: PgConnection, schema: str) -> list[tuple[Any, ...]]:
    """Read state, action, table, record id, sfid, old and values of the trigger log."""
    rows = run(
        conn,
        "SELECT state, action, table_name, record_id, sfid, old, values"
        " FROM {s}._trigger_log ORDER BY id",
        schema,
    ).fetchall()
    return [(*row[:5], *(each and hstore.parse(each) for each in row[5:])) for row in rows]


@dataclass
class Tenant:
    """Acme's schema and org, seen by Heroku Connect and by a user of the database."""

    connect: PgConnection
    user: PgConnection
    schema: str
    org: Org
    merged_writes: bool

    def run(self, statement: str, values: Any = None) -> psycopg.Cursor[Any]:
        """Execute a user's statement in which {s} is the schema."""
        return self.user.execute(sql.SQL(statement).format(s=sql.Identifier(self.schema)), values)

    def all(self, statement: str, values: Any = None) -> list[tuple[Any, ...]]:
        """Run a user's query and return its rows."""
        return self.run(statement, values).fetchall()

    def push(self, now: datetime = NOW) -> PushResult:
        return push.push_writes(
            self.connect, self.schema, self.org, MAPPINGS, now, self.merged_writes
        )

    def poll(self, since: datetime | None = None) -> load.Poll:
        return load.poll_salesforce(
            self.connect, self.schema, self.org, ACCOUNT, ACCOUNT_CONFIG, since
        )

    def load(self) -> int:
        records = self.org.query("Account")
        return load.load(self.connect, self.schema, ACCOUNT, ACCOUNT_CONFIG, records)

    def states(self) -> list[tuple[Any, ...]]:
        return self.all("SELECT action, state FROM {s}._trigger_log ORDER BY id")

    def account(self, *columns: str) -> tuple[Any, ...]:
        """Read columns of the only account."""
        listed = sql.SQL(", ").join(map(sql.Identifier, columns))
        query = sql.SQL("SELECT {} FROM {}.account").format(listed, sql.Identifier(self.schema))
        (row,) = self.user.execute(query).fetchall()
        return row


def make(connect: PgConnection, user: PgConnection, schema: str, merged_writes: bool) -> Tenant:
    """Make Acme's schema with its two tables, and an empty org."""
    schemas.create_schema(connect, schema, ACME_ID, merged_writes)
    tables.create_table(connect, schema, ACCOUNT, ACCOUNT_CONFIG, merged_writes)
    tables.create_table(connect, schema, TWEET, TWEET_CONFIG, merged_writes)
    return Tenant(connect, user, schema, acme(), merged_writes)
