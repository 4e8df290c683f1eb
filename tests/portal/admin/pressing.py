"""Pressing buttons on a tenant's and a connection's pages, and answering what they ask."""

from importlib import import_module
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.http import HttpResponse
from django.test import Client

from connect.models import Connection
from portal.actions import action as registry
from tenants.models import Tenant
from tests import cast
from tests.portal.admin import ready, rows, walk

ACTIONS = registry.of(Tenant)
MODELS = [Tenant, Connection]
BOTH = pytest.mark.parametrize("model", MODELS, ids=["tenant", "connection"])
EVERY = pytest.mark.parametrize("name", ACTIONS)
# Both models' pages are of one making: what holds for all actions on one holds on the other if it
# does for an action that asks first and for one that does not.
EVERY_ON_EITHER = pytest.mark.parametrize(
    ("name", "model"),
    [*((name, Tenant) for name in ACTIONS), ("offboard", Connection), ("refresh", Connection)],
)
ASKS = [name for name, each in ACTIONS.items() if each.form]


def ready_for(name: str, who: dict[str, str] = cast.ACME) -> Connection:
    """Make a tenant to whom the action may be done now."""
    tenant = cast.enrol(who)
    ready.prepare(name, tenant)
    tenant.refresh_from_db()
    connection = rows.connection(tenant, **ready.STATES.get(name, ready.LIVE))
    ready.prepare_connection(name, connection)
    return connection


def row_of(model: type[Tenant | Connection], connection: Connection) -> Tenant | Connection:
    return connection.tenant if model is Tenant else connection


def answers(name: str, *phrase: str) -> dict[str, str]:
    """Return what a person answers to an action's question."""
    if ACTIONS[name].destructive:
        return {"confirmed": "yes", "schema_fate": "keep", "typed": "".join(phrase)}
    if ACTIONS[name].form:
        return {"confirmed": "yes", "span": "4", "note": "Holidays.", "tag": ready.TAG}
    return {"confirmed": "yes"} if ACTIONS[name].asks else {}


def press(client: Client, row: Tenant | Connection, name: str) -> HttpResponse:
    """Press a button, and answer if one is asked."""
    tenant = row if isinstance(row, Tenant) else row.tenant
    url = walk.page(type(row), "act", row.pk, name)
    return client.post(url, answers(name, str(tenant)))  # type: ignore[return-value]


def select(client: Client, chosen: list[Any], name: str, **more: str) -> HttpResponse:
    """Do a bulk action to some rows of a list, and answer what is asked."""
    data: dict[str, Any] = {"action": name, "_selected_action": [row.pk for row in chosen], **more}
    phrase = str(chosen[0]) if len(chosen) == 1 else f"{len(chosen)} tenants"
    data = {**answers(name, phrase), "confirmed": "yes", **data}
    return client.post(walk.page(type(chosen[0]), "changelist"), data)  # type: ignore[return-value]


def said(answer: HttpResponse) -> str:
    """Return what the next page will tell."""
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))  # type: ignore[attr-defined]


def named(row: Tenant | Connection) -> str:
    return str(row if isinstance(row, Tenant) else row.tenant)


def work_off(task: dict[str, Any]) -> None:
    """Run a queued task, as the worker would."""
    module, _, name = task["func"].rpartition(".")
    getattr(import_module(module), name)(*task["args"], **task["kwargs"])
