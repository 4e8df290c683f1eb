"""Actions on host apps: make one at Heroku, and check one."""

from typing import Any

from connect.clients.budget import APIS
from connect.host_apps import make
from connect.models import HostApp
from connect.operations.base import Report
from portal.actions.action import Action, Options, Work
from portal.models import BulkItem


def _make(host: HostApp, actor: str, options: Options) -> Report:
    return make.make(host.pk)


def _check(host: HostApp, actor: str, options: Options) -> Report:
    return make.look(host.pk)


def _store(host: HostApp) -> dict[str, Any]:
    return {"target": {"host_app": host.pk}}


def _load(item: BulkItem) -> HostApp | None:
    return HostApp.objects.filter(pk=item.target["host_app"]).first()


def _refusal_to_make(host: HostApp) -> str:
    return "it is made and ready" if host.ready_at else ""


ACTIONS = (
    Action(
        "make",
        make.MAKE,
        "Creates the app in its team, attaches the tenants' database, and checks all that tenants "
        "need. What is done already is found, so it can be pressed again.",
        (HostApp,),
        "connect.make_hostapp",
        Work(_make, _store, _load, tuple(APIS)),
        _refusal_to_make,
        moves_on=True,
    ),
    Action(
        "check",
        make.CHECK,
        "Asks Heroku for all that tenants need: the app, its config vars, the database. A host app "
        "in which something is missing gets no new tenants.",
        (HostApp,),
        "connect.check_hostapp",
        Work(_check, _store, _load, tuple(APIS)),
        in_bulk=True,
    ),
)
