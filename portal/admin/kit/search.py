"""Searching tenants by name, e-mail or any id. Each kind uses an index."""

from typing import Any

from django.db.models import Q, QuerySet

from connect.models import Connection
from tenants import batching
from tenants.models import Tenant
from tenants.search import match

HELP = (
    "Beginnings of words of the name or e-mail, org id (15 or 18 characters), "
    "add-on name or id, connection id, schema, Salesforce user"
)
_WORDS = ("name", "admin_email")


def tenants(typed: str) -> QuerySet[Any, Any]:
    """Return the keys of the tenants that match the typed text, for use in a filter."""
    return batching.union(*_arms(typed))


def few_tenants(typed: str, most: int) -> QuerySet[Any, Any]:
    """Return the keys of some of these tenants: at most so many of each way to find them."""
    return batching.union(*(arm[:most] for arm in _arms(typed)))


def _arms(typed: str) -> list[QuerySet[Any, Any]]:
    """Return the ways to find tenants: each is a query of its own, which an index answers."""
    typed = typed.strip()
    none: QuerySet[Any, Any] = Tenant.objects.none().values("pk")
    words = match(_WORDS, typed)
    by_words = Tenant.objects.order_by().filter(words).values("pk") if words else none
    # No id holds a blank.
    if not typed or " " in typed:
        return [by_words]
    # The long form of an org id begins with the short one.
    exact = Q(org_id__startswith=typed) | Q(installer_id=typed)
    own = Tenant.objects.order_by().filter(exact).values("pk")
    return [by_words, own, connections(typed).values("tenant_id")]


def connections(typed: str) -> QuerySet[Connection]:
    """Return the connections with this id, add-on, schema or Salesforce user."""
    return Connection.objects.order_by().filter(_of_connections(typed))


def _of_connections(typed: str) -> Q:
    lower = typed.lower()
    return (
        Q(addon_name__startswith=lower)
        | Q(connection_id__startswith=typed)
        | Q(addon_id=typed)
        | Q(schema_name=lower)
        | Q(salesforce_username=typed)
    )
