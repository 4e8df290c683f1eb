"""Reading the Accounts of the live tenants, with their handles."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db import Error as DatabaseError
from psycopg import sql

from connect import databases
from connect.models import Connection, Stage
from connect.schemas import BadSchemaName
from social import handles
from social.database_role import limited_transaction
from social.models import TenantCollection
from social.tenant_tables import (
    ACCOUNT,
    TenantSkipped,
    TenantTables,
    error_text,
    tables_of,
)

log = logging.getLogger(__name__)

MAX_REASONS = 20  # refused handles that are shown for a tenant


@dataclass
class Accounts:
    """Accounts by handle (the oldest, if several share one), and refused handles."""

    by_handle: dict[str, str] = field(default_factory=dict)
    count: int = 0
    refused: list[dict[str, str]] = field(default_factory=list)
    refused_count: int = 0

    @property
    def shared(self) -> int:
        """The number of Accounts whose handle an older Account already has."""
        return self.count - self.refused_count - len(self.by_handle)


@dataclass
class TenantRun:
    """One live tenant in a run."""

    connection: Connection
    result: TenantCollection
    tables: TenantTables | None = None
    found: Accounts = field(default_factory=Accounts)


def read_all(tenant_ids: Sequence[int] = ()) -> list[TenantRun]:
    """Read the Accounts of all live tenants, or of some. One failure does not stop the others."""
    found = live()
    if tenant_ids:
        found = (each for each in found if each.tenant_id in set(tenant_ids))
    known = databases.EachOnce()
    return [_read_tenant(connection, known) for connection in found]


def live() -> Iterable[Connection]:
    """Return every live connection with its tenant and mappings, three queries in all."""
    found = Connection.objects.filter(stage=Stage.LIVE).select_related("tenant", "host_app")
    return found.prefetch_related("mappings").order_by("pk")


def read(tables: TenantTables) -> Accounts:
    """Read the tenant's Accounts that have a handle. Raises django.db.Error."""
    statement = sql.SQL(
        "SELECT sfid, {handle} FROM {schema}.{table}"
        " WHERE sfid IS NOT NULL AND {handle} <> ''{present} ORDER BY sfid"
    ).format(
        handle=sql.Identifier(tables.handle_column),
        schema=sql.Identifier(tables.schema),
        table=sql.Identifier(ACCOUNT.lower()),
        present=sql.SQL(" AND isdeleted IS NOT TRUE" if tables.has_isdeleted else ""),
    )
    with limited_transaction(tables) as cursor:
        cursor.execute(statement)
        return parse_rows(cursor)


def parse_rows(rows: Iterable[tuple[str, str]]) -> Accounts:
    """Convert rows of (Account id, handle field) into Accounts, with cleaned handles."""
    found = Accounts()
    for sfid, raw in rows:
        found.count += 1
        try:
            # The rows come by id, so the oldest Account keeps a handle that several have.
            found.by_handle.setdefault(handles.clean(raw), sfid)
        except handles.BadHandle as bad:
            found.refused_count += 1
            if len(found.refused) < MAX_REASONS:
                found.refused.append({"account": sfid, "handle": raw[:100], "why": str(bad)})
    return found


def _read_tenant(connection: Connection, known: databases.EachOnce) -> TenantRun:
    tenant_run = TenantRun(connection, TenantCollection(connection=connection))
    result = tenant_run.result
    try:
        tables = tables_of(connection)
        with known.reaching(tables.database):
            tenant_run.found = read(tables)
    # A reason to skip is expected; only an error of the database counts as a failure.
    except (TenantSkipped, BadSchemaName) as reason:
        result.skipped = str(reason)[:255]
    except DatabaseError as error:
        result.error = error_text(error)
        log.warning("accounts unreadable tenant=%s error=%s", connection.tenant.org_id, error)
    else:
        tenant_run.tables = tables
        result.accounts, result.shared = tenant_run.found.count, tenant_run.found.shared
        result.handles = len(tenant_run.found.by_handle)
        result.refused = tenant_run.found.refused
        result.refused_count = tenant_run.found.refused_count
    return tenant_run
