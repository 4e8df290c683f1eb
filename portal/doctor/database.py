"""The portal's own database and its role, and the databases of the tenants."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections

from connect import databases
from connect.models import HostApp
from portal.doctor.checks import check
from portal.doctor.findings import Finding, Problem, failed, ok, problem, skipped
from portal.project import connection_limits, probes

OLDEST = 14  # of Postgres, for Django 5.2
IN_CLEAR = "over the network without TLS"
_FACTS = """
    SELECT current_setting('server_version_num')::int / 10000,
        has_schema_privilege(current_user, 'public', 'CREATE'),
        has_database_privilege(current_user, current_database(), 'CREATE'),
        coalesce(inet_server_addr() <> inet_client_addr(), false),
        coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false)
"""


@check("database", "Database and its role", "E003", "E024")
def own_database() -> Finding:
    """Ask the portal's own database for its version, rights, limits and encryption."""
    facts = _facts(DEFAULT_DB_ALIAS)
    found = [
        *_of_database("DATABASE_URL", *facts),
        *map(problem, probes.of_database()),
        *(problem(str(each.msg)) for each in connection_limits.database_allows_enough(["default"])),
    ]
    return failed(*found) if found else ok(f"PostgreSQL {facts[0]}, reached {facts[-1]}.")


@check("tenants_databases", "Tenants' databases")
def tenants_databases() -> Finding:
    """Ask the tenants' database of each host app, and those that none uses yet."""
    hosts = HostApp.objects.order_by("database").values_list("database", flat=True).distinct()
    aliases = sorted({*hosts, *databases.names()} - {DEFAULT_DB_ALIAS})
    if not aliases:
        return skipped("All tenants' data is in the portal's own database.")
    found = [each for alias in aliases for each in _of_tenants(alias)]
    return failed(*found) if found else ok(f"{', '.join(aliases)}: reached.")


def _of_tenants(alias: str) -> Iterator[Problem]:
    variable = f"{alias}_URL".upper()
    if away := databases.problem(alias):
        found = problem(away)
        yield found if found.command else replace(found, command=f"heroku pg:info {variable}")
        return
    yield from _of_database(variable, *_facts(alias))


def way(options: Mapping[str, Any], is_remote: bool, is_encrypted: bool) -> str:
    """Return how a database is reached. `options` are those of its address."""
    if is_encrypted:
        return "by TLS"
    if not is_remote:
        return "on this machine"
    is_wanted = options.get("sslmode") == "disable"
    return f"{IN_CLEAR}, as its address says (sslmode=disable)" if is_wanted else IN_CLEAR


def _facts(alias: str) -> tuple[Any, ...]:
    with databases.cursor_of(alias) as cursor:
        cursor.execute(_FACTS)
        *found, is_remote, is_encrypted = tuple(cursor.fetchone() or ())
    options = connections[alias].settings_dict["OPTIONS"]
    return *found, way(options, is_remote, is_encrypted)


def _of_database(
    variable: str,
    version: int,
    may_make_tables: bool,
    may_make_schemas: bool,
    how: str,
) -> Iterator[Problem]:
    if version < OLDEST:
        yield Problem(
            f"{variable} is PostgreSQL {version}; {OLDEST} is the oldest that works.",
            "heroku pg:upgrade",
        )
    role = _role()
    if variable == "DATABASE_URL" and not may_make_tables:
        yield Problem(
            f"The role {role} may not make tables, so no migration can run.",
            f'psql "$DATABASE_URL" -c "GRANT CREATE ON SCHEMA public TO {role}"',
        )
    if not may_make_schemas:
        yield Problem(
            f"The role of {variable} may not make schemas, which each tenant needs.",
            f'psql "${variable}" -c "GRANT CREATE ON DATABASE … TO …"',
        )
    if how == IN_CLEAR:
        yield Problem(
            f"{variable} is reached over the network without TLS: add ?sslmode=require to it.",
            f'heroku config:set {variable}="$(heroku config:get {variable})?sslmode=require"',
        )


def _role() -> str:
    return str(connection.settings_dict["USER"])
