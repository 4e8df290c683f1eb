"""Finding tenants and connections, each with how it stands: two queries, four for the badges."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from connect import standing
from connect.models import Connection
from connect.standing import Standing
from portal.admin.kit import search
from portal.find.found import MAX_RESULTS, Found, Kind, Typed
from tenants import batching
from tenants.models import Tenant


def read(user: Any, typed: Typed) -> list[Tenant]:
    """Return some tenants that match, by name."""
    if not user.has_perm("tenants.view_tenant"):
        return []
    keys = search.few_tenants(typed.text, MAX_RESULTS + 1)
    # The few are sorted here: Postgres might read an index of names to its end instead.
    return sorted(Tenant.objects.filter(pk__in=keys).order_by(), key=lambda each: each.name)


def kinds(user: Any, typed: Typed, tenants: list[Tenant]) -> Iterable[Kind]:
    """Return these tenants, and the connections that are meant by an id of their own."""
    if not user.has_perm("tenants.view_tenant"):
        return []
    connections = _connections(typed, [each.pk for each in tenants])
    standings = standing.of_many(connections)
    current = {each.tenant_id: each for each in connections if each.offboarded_at is None}
    found = [_tenant(each, current.get(each.pk), standings) for each in tenants]
    more = f"{reverse('admin:tenants_tenant_changelist')}?{urlencode({'q': typed.text})}"
    return [
        Kind("tenants", "Tenants", found[:MAX_RESULTS], more if len(found) > MAX_RESULTS else ""),
        *_meant(user, typed, connections, standings),
    ]


def _connections(typed: Typed, keys: list[int]) -> list[Connection]:
    """Return the current connections of the tenants, and those that the id finds."""
    current = Connection.objects.order_by().filter(tenant__in=keys, offboarded_at=None)
    found = current.select_related("tenant", "health")
    if " " not in typed.text:
        meant = search.connections(typed.text).select_related("tenant", "health")[:MAX_RESULTS]
        found = batching.union(found, meant, all=True)
    by_key = {each.pk: each for each in found}
    return sorted(by_key.values(), key=lambda each: (each.tenant.name, -each.generation))


def _tenant(tenant: Tenant, connection: Connection | None, standings: dict[int, Standing]) -> Found:
    shown = standings[connection.pk] if connection else standing.without_connection(tenant)
    return Found(
        tenant.name,
        reverse("admin:tenants_tenant_change", args=[tenant.pk]),
        f"{tenant.org_id} · {tenant.admin_email}",
        shown.label,
        shown.tone,
    )


def _meant(
    user: Any, typed: Typed, connections: list[Connection], standings: dict[int, Standing]
) -> list[Kind]:
    if not user.has_perm("connect.view_connection"):
        return []
    meant = [each for each in connections if _is_meant(each, typed.text)]
    found = [_connection(each, standings[each.pk]) for each in meant[:MAX_RESULTS]]
    return [Kind("connections", "Connections", found)]


def _is_meant(connection: Connection, text: str) -> bool:
    ids = (
        connection.addon_name,
        connection.connection_id,
        connection.addon_id,
        connection.schema_name,
        connection.salesforce_username,
    )
    return any(each.lower().startswith(text.lower()) for each in ids if each)


def _connection(connection: Connection, shown: Standing) -> Found:
    return Found(
        connection.addon_name or str(connection),
        reverse("admin:connect_connection_change", args=[connection.pk]),
        f"{connection.tenant.name} · {connection.schema_name or 'no schema yet'}",
        shown.label,
        shown.tone,
    )
