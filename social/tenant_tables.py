"""Where a tenant's Accounts and posts are.

Table and column names come from the tenant's stored mappings. Statements name the schema each time;
`search_path` is never changed.
"""

import re
from dataclasses import dataclass

from django.db import Error as DatabaseError

from connect import databases, schemas
from connect.health import states
from connect.models import Connection, Mapping, Stage

ACCOUNT = "Account"
HANDLE_FIELD = "Twitter__c"
TWEET = "Tweet__c"
# The fields of a post: our name, and the package's field without the namespace.
REQUIRED = {"account": "Account__c", "author": "Author_Username__c", "body": "Body__c"}
OPTIONAL = {
    "posted_at": "Time__c",
    "likes": "Likes__c",
    "reposts": "Retweets__c",
    "post_id": "Tweet_Id__c",  # this project's package has it, the one of 2016 does not
}
READ_WRITE = "read_write"


class TenantSkipped(Exception):
    """The tenant is skipped in this run; the text is the reason."""


@dataclass(frozen=True)
class TenantTables:
    """Where a tenant's data is: its schema, and the names of tables and columns in it."""

    database: str  # a key of settings.DATABASES
    schema: str
    handle_column: str
    has_isdeleted: bool
    post_table: str
    columns: dict[str, str]

    @property
    def key(self) -> str:
        """The key of a post: X's id if the package has a field for it, else the body."""
        return "post_id" if "post_id" in self.columns else "body"


def tables_of(connection: Connection) -> TenantTables:
    """Find where a tenant's Accounts and posts are. Raises TenantSkipped."""
    _require_working(connection)
    mappings = {mapping.object_name.lower(): mapping for mapping in connection.mappings.all()}
    prefix = f"{connection.tenant.namespace}__" if connection.tenant.namespace else ""
    accounts = _mapping(mappings, ACCOUNT)
    post_table = _mapping(mappings, prefix + TWEET)
    # Heroku Connect sends no change of a read-only mapping to Salesforce.
    if post_table.access != READ_WRITE:
        raise TenantSkipped(
            f"the mapping of {post_table.object_name} is {post_table.access or 'not writable'}"
        )
    if states.is_broken_mapping(post_table.state):
        raise TenantSkipped(
            f"the mapping of {post_table.object_name} is in state {post_table.state}"
        )
    account_fields, tweet_fields = _fields(accounts), _fields(post_table)
    return TenantTables(
        database=databases.alias_of(connection),
        schema=schemas.checked(connection.schema_name),
        handle_column=_column(account_fields, prefix + HANDLE_FIELD, ACCOUNT),
        has_isdeleted="isdeleted" in account_fields,
        post_table=post_table.object_name.lower(),
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


def error_text(error: DatabaseError) -> str:
    """Return what Postgres said, on one line."""
    return " ".join(str(error).split())[:500]


def _require_working(connection: Connection) -> None:
    if connection.stage != Stage.LIVE:
        raise TenantSkipped("it is not live")
    if connection.state == states.PAUSED:
        raise TenantSkipped("it is paused")
    if states.is_broken(connection.state):
        raise TenantSkipped(f"Heroku Connect is in state {connection.state}")


def _mapping(mappings: dict[str, Mapping], name: str) -> Mapping:
    found = mappings.get(name.lower())
    if found is None:
        raise TenantSkipped(f"{name} is not mapped")
    return found


def _fields(mapping: Mapping) -> set[str]:
    return {name.lower() for name in mapping.config.get("fields", {})}


def _column(fields: set[str], name: str, object_name: str) -> str:
    # Names come from a peer's document, and become columns of a statement.
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name.lower()) or name.lower() not in fields:
        raise TenantSkipped(f"the mapping of {object_name} lacks {name}")
    return name.lower()
