"""What the portal's database says: stages, timeline, rows of the tenants' schemas."""

from typing import Any, LiteralString

import psycopg

from demo.cast import Org


class Ledger:
    """Reads the portal's database: stages, timeline, rows of the tenants' schemas."""

    def __init__(self, database_url: str) -> None:
        # In a transaction, each look would see the rows as they were at the first one.
        self.database = psycopg.connect(database_url, autocommit=True)

    def __enter__(self) -> "Ledger":
        return self

    def __exit__(self, *_: object) -> None:
        self.database.close()

    def row(self, query: LiteralString, *values: Any) -> tuple[Any, ...] | None:
        """Return the first row of a query."""
        return self.database.execute(query, values).fetchone()

    def stage(self, org: Org) -> str | None:
        """Return the stage of the org's newest connection; None before there is one."""
        found = self.row(
            "SELECT stage FROM connect_connection c JOIN tenants_tenant t ON t.id = c.tenant_id"
            " WHERE t.org_id = %s ORDER BY c.id DESC LIMIT 1",
            org.org_id,
        )
        return found[0] if found else None

    def trouble(self, org: Org) -> str:
        """Return why the org's connection is blocked or failing, or ""."""
        found = self.row(
            "SELECT coalesce(nullif(blocked_reason, ''), last_error) FROM connect_connection c"
            " JOIN tenants_tenant t ON t.id = c.tenant_id WHERE t.org_id = %s"
            " ORDER BY c.id DESC LIMIT 1",
            org.org_id,
        )
        return found[0] if found else ""
