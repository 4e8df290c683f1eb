"""The addresses of the admin's pages, and what they cost."""

from collections.abc import Hashable, Iterator

from django.contrib import admin
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

import portal.urls  # noqa: F401  (registers the pages)
from connect.models import (
    Connection,
    Drift,
    Health,
    HealthSample,
    Incident,
    Mapping,
    Rollout,
    RolloutItem,
    WriteError,
)
from portal.models import BulkItem
from tenants.models import Callout, Event, Message, OrgRule, SalesforceGrant, Tenant
from tests.kinds import one_of_each

# For superusers, and for managers.
NOT_FOR_EVERY_ROLE = (
    *("auth.User", "auth.Group", "portal.AuditEntry"),
    *("mfa.Authenticator", "socialaccount.SocialAccount"),
)
# The models whose lists have a CSV export.
EXPORTED = [
    *(Tenant, Connection, Mapping, HealthSample, Callout, Message, Event, SalesforceGrant),
    *(Health, Incident, WriteError, Drift, Rollout, RolloutItem, BulkItem),
    OrgRule,
]


def models() -> list[type[Model]]:
    """Return every model that staff in a role can see."""
    every = admin.site._registry
    return [model for model in every if model._meta.label not in NOT_FOR_EVERY_ROLE]


def page(model: type[Model], view: str, *args: object) -> str:
    """Return the address of a model's page: changelist, add, change, delete, history or act."""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{view}", args=args)


def lists() -> list[str]:
    """Return the address of every list."""
    return [page(model, "changelist") for model in models()]


def every_list() -> list[str]:
    """Return the address of every list, also of those that are not for every role."""
    return [page(model, "changelist") for model in admin.site._registry]


def rows() -> Iterator[str]:
    """Yield the address of every row's page."""
    for model in models():
        for row in model._default_manager.all():
            yield page(model, "change", row.pk)


def rows_of_each_kind() -> Iterator[str]:
    """Yield the address of some rows' pages: of each model, a row for each of its states."""

    def kinds(row: Model) -> set[Hashable]:
        chosen = [field.attname for field in row._meta.concrete_fields if field.choices]
        return {type(row), *((type(row), name, getattr(row, name)) for name in chosen)}

    every = (row for model in models() for row in model._default_manager.all())
    for row in one_of_each(every, kinds):
        yield page(type(row), "change", row.pk)


def warm(client: Client, urls: list[str]) -> list[str]:
    """Look at pages once: what Django looks up once in a process is not theirs."""
    for url in urls:
        client.get(url)
    return urls


def queries(client: Client, url: str) -> int:
    """Return how many queries a page costs; see `warm`."""
    with CaptureQueriesContext(connection) as seen:
        assert client.get(url).status_code == 200
    return len(seen)
