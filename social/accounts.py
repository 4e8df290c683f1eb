"""A tenant's Accounts, read from its own schema; and where in it posts are to be written.

What a table and its columns are called follows from the tenant's stored mappings: from what Heroku
Connect itself last said. Statements name the schema each time; `search_path` is never changed.
"""

import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import Error as DatabaseError
from django.db import connection as database
from django.db import transaction
from django.db.backends.utils import CursorWrapper
from psycopg import sql

from connect import schemas
from connect.health import states
from connect.models import Connection, Mapping, Stage
from connect.schemas import BadSchemaName
from social import handles
from social.models import TenantCollection

log = logging.getLogger(__name__)

ACCOUNT = "Account"
HANDLE_FIELD = "Twitter__c"
TWEET = "Tweet__c"
# What a post has: our name for it, and its field in the package, without the namespace.
REQUIRED = {"account": "Account__c", "author": "Author_Username__c", "body": "Body__c"}
OPTIONAL = {
    "posted_at": "Time__c",
    "likes": "Likes__c",
    "reposts": "Retweets__c",
    "post_id": "Tweet_Id__c",  # packages of this project have it, the one of 2016 has not
}
READ_WRITE = "read_write"
MOST_REASONS = 20
LOCK_TIMEOUT = "5s"  # a tenant whose table is locked must not hold up the others
STATEMENT_TIMEOUT = "60s"


class NotNow(Exception):
    """Nothing is read or written for this tenant as things stand; the text says why."""


@dataclass(frozen=True)
class Place:
    """Where a tenant's data is: its schema, and the names of tables and columns in it."""

    schema: str
    handle_column: str
    has_isdeleted: bool
    tweets: str
    columns: dict[str, str]

    @property
    def key(self) -> str:
        """What tells posts apart: X's id where the package has a field for it, else the body."""
        return "post_id" if "post_id" in self.columns else "body"


@dataclass
class Accounts:
    """Handle to Account (the oldest, where several share one), and what was not taken."""

    by_handle: dict[str, str] = field(default_factory=dict)
    count: int = 0
    refused: list[dict[str, str]] = field(default_factory=list)
    refused_count: int = 0

    @property
    def shared(self) -> int:
        """How many Accounts have a handle that an older one has."""
        return self.count - self.refused_count - len(self.by_handle)


@dataclass
class Subject:
    """One live tenant in a run."""

    connection: Connection
    result: TenantCollection
    place: Place | None = None
    found: Accounts = field(default_factory=Accounts)


def look(tenant_ids: Sequence[int] = ()) -> list[Subject]:
    """Read the Accounts of every live tenant, or of some. One that cannot be read stops nobody."""
    found = live()
    if tenant_ids:
        found = (each for each in found if each.tenant_id in set(tenant_ids))
    return [_look_at(connection) for connection in found]


def live() -> Iterable[Connection]:
    """Return every live connection with its tenant and mappings, three queries in all."""
    found = Connection.objects.filter(stage=Stage.LIVE).select_related("tenant")
    return found.prefetch_related("mappings").order_by("pk")


def place_of(connection: Connection) -> Place:
    """Find where a tenant's Accounts and posts are. Raises NotNow."""
    _require_working(connection)
    mappings = {mapping.object_name.lower(): mapping for mapping in connection.mappings.all()}
    prefix = f"{connection.tenant.namespace}__" if connection.tenant.namespace else ""
    accounts = _mapping(mappings, ACCOUNT)
    tweets = _mapping(mappings, prefix + TWEET)
    if tweets.access != READ_WRITE:
        raise NotNow(f"the mapping of {tweets.object_name} is {tweets.access or 'not writable'}")
    if states.is_broken_mapping(tweets.state):
        raise NotNow(f"the mapping of {tweets.object_name} is in state {tweets.state}")
    account_fields, tweet_fields = _fields(accounts), _fields(tweets)
    return Place(
        schema=schemas.checked(connection.schema_name),
        handle_column=_column(account_fields, prefix + HANDLE_FIELD, ACCOUNT),
        has_isdeleted="isdeleted" in account_fields,
        tweets=tweets.object_name.lower(),
        columns={
            **{
                ours: _column(tweet_fields, prefix + name, TWEET) for ours, name in REQUIRED.items()
            },
            **{
                ours: (prefix + name).lower()
                for ours, name in OPTIONAL.items()
                if (prefix + name).lower() in tweet_fields
            },
        },
    )


def read(place: Place) -> Accounts:
    """Read the tenant's Accounts that have a handle. Raises django.db.Error."""
    statement = sql.SQL(
        "SELECT sfid, {handle} FROM {schema}.{table}"
        " WHERE sfid IS NOT NULL AND {handle} <> ''{present} ORDER BY sfid"
    ).format(
        handle=sql.Identifier(place.handle_column),
        schema=sql.Identifier(place.schema),
        table=sql.Identifier(ACCOUNT.lower()),
        present=sql.SQL(" AND isdeleted IS NOT TRUE" if place.has_isdeleted else ""),
    )
    with patience() as cursor:
        cursor.execute(statement)
        return sort_out(cursor)


def sort_out(rows: Iterable[tuple[str, str]]) -> Accounts:
    """Turn rows of (Account, what its handle field holds) into Accounts, cleaning each handle."""
    found = Accounts()
    for sfid, raw in rows:
        found.count += 1
        try:
            found.by_handle.setdefault(handles.clean(raw), sfid)
        except handles.BadHandle as bad:
            found.refused_count += 1
            if len(found.refused) < MOST_REASONS:
                found.refused.append({"account": sfid, "handle": raw[:100], "why": str(bad)})
    return found


def words_of(error: DatabaseError) -> str:
    """Return what Postgres said, on one line."""
    return " ".join(str(error).split())[:500]


@contextmanager
def patience() -> Iterator[CursorWrapper]:
    """Open a transaction in a tenant's schema that gives up instead of waiting for long."""
    with transaction.atomic(), database.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('lock_timeout', %s, true),"
            " set_config('statement_timeout', %s, true)",
            [LOCK_TIMEOUT, STATEMENT_TIMEOUT],
        )
        yield cursor


def _look_at(connection: Connection) -> Subject:
    subject = Subject(connection, TenantCollection(connection=connection))
    result = subject.result
    try:
        place = place_of(connection)
        subject.found = read(place)
    except (NotNow, BadSchemaName) as reason:
        result.skipped = str(reason)[:255]
    except DatabaseError as error:
        result.error = words_of(error)
        log.warning("accounts unreadable tenant=%s error=%s", connection.tenant.org_id, error)
    else:
        subject.place = place
        result.accounts, result.shared = subject.found.count, subject.found.shared
        result.handles = len(subject.found.by_handle)
        result.refused = subject.found.refused
        result.refused_count = subject.found.refused_count
    return subject


def _require_working(connection: Connection) -> None:
    if connection.stage != Stage.LIVE:
        raise NotNow("it is not live")
    if connection.state == states.PAUSED:
        raise NotNow("it is paused")
    if states.is_broken(connection.state):
        raise NotNow(f"Heroku Connect is in state {connection.state}")


def _mapping(mappings: dict[str, Mapping], name: str) -> Mapping:
    found = mappings.get(name.lower())
    if found is None:
        raise NotNow(f"{name} is not mapped")
    return found


def _fields(mapping: Mapping) -> set[str]:
    return {name.lower() for name in mapping.config.get("fields", {})}


def _column(fields: set[str], name: str, object_name: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name.lower()) or name.lower() not in fields:
        raise NotNow(f"the mapping of {object_name} lacks {name}")
    return name.lower()
