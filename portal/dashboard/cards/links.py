"""Addresses of filtered lists: every number on the dashboard leads to what it counts."""

from urllib.parse import urlencode

from django.urls import reverse


def to_list(model: str, **filters: str) -> str:
    """Return a list's address, e.g. to_list("tenants_tenant", stage="live")."""
    address = reverse(f"admin:{model}_changelist")
    return f"{address}?{urlencode(filters)}" if filters else address


def tenants(**filters: str) -> str:
    return to_list("tenants_tenant", **filters)


def connections(**filters: str) -> str:
    return to_list("connect_connection", **filters)
