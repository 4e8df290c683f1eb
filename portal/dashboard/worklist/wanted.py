"""Which rows of the worklist somebody wants to see: the filters in its address."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from django.contrib.auth.models import User
from django.db.models import F, Model, Q, QuerySet, Value
from django.urls import reverse
from django.utils.http import urlencode

from connect.models import Connection, Discrepancy, Incident, Rollout, Tag
from portal.dashboard.attention import CAUSES
from tenants import batching
from tenants.models import Environment

ME, NOBODY = "me", "nobody"
NAMED = "@"  # before a name, because somebody may be called "nobody"
MAX_CHOICES = 100
# The way from a row to what the filters ask; a model without a way has none of the wanted rows.
_WAYS: dict[type[Model], dict[str, str]] = {
    Connection: {
        "owner": "tenant__owner",
        "plan": "plan",
        "environment": "tenant__",
        "tag": "tenant__tags__name",
    },
    Discrepancy: {
        "owner": "owner",
        "plan": "plan",
        "environment": "tenant__",
        "tag": "tenant__tags__name",
    },
    Incident: {"owner": "owner"},
    Rollout: {"owner": "owner"},
}


@dataclass(frozen=True)
class Wanted:
    """The filters; "" takes every row. `owner` is "me", "nobody" or "@" and a name."""

    cause: str = ""
    owner: str = ""
    plan: str = ""
    environment: str = ""
    tag: str = ""
    snoozed: str = ""

    @property
    def is_narrow(self) -> bool:
        return any(asdict(self).values())

    def url(self, **changes: str) -> str:
        """Return the address of the worklist with these filters, some of them changed."""
        given = {name: value for name, value in asdict(replace(self, **changes)).items() if value}
        address = reverse("worklist")
        return f"{address}?{urlencode(given)}" if given else address

    def narrow(self, rows: QuerySet[Any], reader: str) -> QuerySet[Any]:
        """Return the rows that the filters take; `reader` is the name of who looks."""
        ways = _WAYS.get(rows.model, {})
        conditions = {name: getattr(self, name) for name in ("owner", "plan", "environment", "tag")}
        for name, value in conditions.items():
            if value and name not in ways:
                # What nobody can own has no owner.
                return rows if (name, value) == ("owner", NOBODY) else rows.none()
            if value:
                rows = rows.filter(condition(name, ways[name], value, reader))
        return rows


def condition(name: str, way: str, value: str, reader: str) -> Q:
    """Return what selects the rows that one filter takes. `way` leads from a row to what it asks.

    For the environment it ends with "__", or is "" for rows that have one themselves.
    """
    if name == "environment":
        # As Tenant.is_sandbox says.
        by_name = Q(**{f"{way}environment": Environment.SANDBOX})
        is_sandbox = by_name | Q(**{f"{way}login_domain__contains": ".sandbox."})
        return is_sandbox if value == "sandbox" else ~is_sandbox
    if name == "owner" and value == NOBODY:
        return Q(**{way: None})
    if name == "owner":
        return Q(**{f"{way}__username": reader if value == ME else value.removeprefix(NAMED)})
    return Q(**{way: value})


def read(given: Mapping[str, str]) -> Wanted:
    """Return the filters of an address. What it does not know is left out."""
    known = {name: given.get(name, "") for name in Wanted.__dataclass_fields__}
    if known["cause"] not in {cause.name for cause in CAUSES}:
        known["cause"] = ""
    if known["environment"] not in ("production", "sandbox"):
        known["environment"] = ""
    return Wanted(**known)


def choices() -> dict[str, list[tuple[str, str]]]:
    """Return what can be chosen in each filter, as pairs of a value and a label; one query."""
    staff = User.objects.filter(is_staff=True, is_active=True).order_by("username")
    plans = Connection.objects.exclude(plan="").order_by("plan").distinct()
    queries = [
        _pairs("owner", staff, "username"),
        _pairs("plan", plans, "plan"),
        _pairs("tag", Tag.objects.order_by("name"), "name"),
    ]
    found: dict[str, list[tuple[str, str]]] = {"owner": [(ME, "Me"), (NOBODY, "Nobody")]}
    found["environment"] = [("production", "Production"), ("sandbox", "Sandbox")]
    for name, value in sorted(batching.union(*queries, all=True)):
        key = f"{NAMED}{value}" if name == "owner" else value
        found.setdefault(name, []).append((key, value))
    return found


def _pairs(name: str, rows: QuerySet[Any], field: str) -> QuerySet[Any, Any]:
    pairs = rows.annotate(filter=Value(name), choice=F(field)).values_list("filter", "choice")
    some: QuerySet[Any, Any] = pairs[:MAX_CHOICES]
    return some
