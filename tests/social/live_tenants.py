"""Live tenants at once: rows as provisioning leaves them, tables as Heroku Connect makes them."""

from dataclasses import dataclass
from itertools import count
from typing import Any

import psycopg
from django.db import connection as database
from django.utils import timezone
from psycopg import sql

import emulator as emulated
from connect import schemas
from connect.mappings import placeholders, templates
from connect.models import Connection, Mapping, Package, Stage
from emulator import testing
from tests import cast

_SERIAL = count(1)


@dataclass
class Live:
    """A live tenant and its schema."""

    connection: Connection
    prefix: str

    @property
    def schema(self) -> str:
        return self.connection.schema_name

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run a query in which {s} is the schema and {p} the namespace's prefix."""
        text = statement.replace("{p}", self.prefix.lower())
        query = sql.SQL(text).format(s=sql.Identifier(self.schema))
        with database.cursor() as cursor:
            cursor.execute(query, values)
            return cursor.fetchall() if cursor.description else []

    def posts(self) -> list[tuple[Any, ...]]:
        """Account, author, body, likes, retweets of every post, oldest first."""
        return self.rows(
            "SELECT {p}account__c, {p}author_username__c, {p}body__c, {p}likes__c, {p}retweets__c"
            " FROM {s}.{p}tweet__c ORDER BY {p}time__c, id"
        )

    def bodies(self) -> list[str]:
        """The texts of all posts, in alphabetical order."""
        return sorted(row[2] for row in self.posts())

    def log(self) -> list[tuple[Any, ...]]:
        """What the trigger log captured: state, action, table, in that order."""
        return self.rows("SELECT state, action, table_name FROM {s}._trigger_log ORDER BY id")

    def add_accounts(self, *raw_handles: str | None) -> list[str]:
        """Add Accounts as Heroku Connect does, each with this in its handle field."""
        made = [testing.record_id("001" + "B00", next(_SERIAL)) for _ in raw_handles]
        insert = sql.SQL("INSERT INTO {}.account (sfid, name, {}) VALUES (%s, %s, %s)").format(
            sql.Identifier(self.schema), sql.Identifier(f"{self.prefix}Twitter__c".lower())
        )
        with database.cursor() as cursor:
            cursor.execute("SELECT set_config('xmlbinary', 'hex', false)")
            rows = [(*pair, pair[1]) for pair in zip(made, raw_handles, strict=True)]
            cursor.executemany(insert, [(sfid, "Account", raw) for sfid, _, raw in rows])
            cursor.execute("SELECT set_config('xmlbinary', 'base64', false)")
        return made

    def mapping(self, object_name: str) -> Mapping:
        """The stored mapping of an object, without the namespace."""
        return Mapping.objects.get(connection=self.connection, object_name__endswith=object_name)


def go_live(
    who: dict[str, str], *raw_handles: str | None, tweet_id: bool = False, generation: int = 1
) -> Live:
    """Make a tenant live, with one Account for each handle."""
    tenant = cast.enrol(who)
    connection = cast.connect(
        tenant,
        Stage.LIVE,
        generation=generation,
        schema_name=schemas.name_for(tenant.org_id, generation),
        organization_id=tenant.org_id,
        state="IDLE",
        next_attempt_at=None,
        live_at=timezone.now(),
    )
    prefix = f"{tenant.namespace}__" if tenant.namespace else ""
    live = Live(connection, prefix)
    _store_mappings(live, tenant.namespace, tweet_id)
    make_schema(live.schema, tenant.namespace, tweet_id)
    if raw_handles:
        live.add_accounts(*raw_handles)
    return live


def _document(namespace: str, tweet_id: bool) -> list[dict[str, Any]]:
    shipped = templates.shipped(Package.CURRENT if tweet_id else Package.ORIGINAL)
    mappings: list[dict[str, Any]] = placeholders.fill(shipped, namespace)["mappings"]
    return mappings


def _store_mappings(live: Live, namespace: str, tweet_id: bool) -> None:
    Mapping.objects.bulk_create(
        Mapping(
            connection=live.connection,
            object_name=each["object_name"],
            mapping_id=f"m-{each['object_name']}",
            state="DATA_SYNCED",
            access=each["config"]["access"],
            config=each["config"],
        )
        for each in _document(namespace, tweet_id)
    )


def make_schema(schema: str, namespace: str, tweet_id: bool = False) -> None:
    """Make a tenant's schema with the tables of Accounts and posts, in the test's transaction."""
    database.ensure_connection()
    conn: psycopg.Connection[Any] = database.connection
    mappings = [
        each
        for each in _document(namespace, tweet_id)
        if each["object_name"] == "Account" or each["object_name"].endswith("Tweet__c")
    ]
    testing.make_tables(conn, schema, mappings, namespace=namespace, package=package(tweet_id))


def package(tweet_id: bool) -> str:
    """Which package has a field for X's id of a post, and which has none."""
    return "current" if tweet_id else "2016"


class XSide:
    """The emulated X, as its users and its accountant see it."""

    def __init__(self, running: emulated.Running) -> None:
        self.running = running

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Call /control."""
        return self.running.control(method, path, body)

    def post(self, username: str, text: str, **more: Any) -> int:
        """Let somebody post; return the post's id."""
        made = self.control("POST", "x/posts", {"username": username, "text": text, **more})
        return int(made["id"])

    def post_many(self, *posts: tuple[str, str]) -> None:
        """Let (username, text) be posted, one a second, the last one a minute ago."""
        first = 59 + len(posts)
        rows = [
            {"username": username, "text": text, "seconds_ago": first - number}
            for number, (username, text) in enumerate(posts)
        ]
        self.control("POST", "x/posts", rows)

    def behave(self, **switches: Any) -> None:
        """Change the behaviour."""
        self.control("POST", "behaviour", switches)

    def fault(self, **fault: Any) -> None:
        """Let the next search fail, unless `times` or `path` says otherwise."""
        wanted = {"system": "x", "path": "/search/recent", "times": 1, **fault}
        self.control("POST", "faults", wanted)

    @property
    def bill(self) -> dict[str, Any]:
        """Calls, posts returned, posts billed."""
        found: dict[str, Any] = self.control("GET", "x")
        return found
