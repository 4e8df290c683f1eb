"""Making a host app at Heroku: each step looks first, so it can be pressed again at any time."""

from connect.clients import heroku_apps, http
from connect.clients.accounts import App, app_of_host
from connect.formats import sentence
from connect.host_apps import check
from connect.models import HostApp
from connect.operations import base
from connect.operations.base import OperationOutcome, Report

MAKE, CHECK = "Make at Heroku", "Check"


def make(host_id: int) -> Report:
    """Create the app in its team, attach the database, and check all that tenants need."""
    host = HostApp.objects.get(pk=host_id)
    app = app_of_host(host)
    try:
        made = [*_create(host, app), *_attach(host, app)]
        return _report(host, MAKE, made)
    except http.RemoteError as error:
        return base.failed(MAKE, f"{sentence(error.words)} {_what_to_do(error)}")


def _what_to_do(error: http.RemoteError) -> str:
    if isinstance(error, http.Taken):
        return "Name it otherwise here, save, and press it again."
    if isinstance(error, http.Unauthorized):
        return "Enter a token that works, save, and press it again."
    if isinstance(error, http.Permanent):
        return "Correct it here or at Heroku, and press it again."
    return "Press it again: what is done is found."


def look(host_id: int) -> Report:
    """Check a host app, changing nothing at Heroku."""
    host = HostApp.objects.get(pk=host_id)
    try:
        return _report(host, CHECK, [])
    except http.RemoteError as error:
        return base.failed(CHECK, error.words)


def _create(host: HostApp, app: App) -> list[str]:
    if heroku_apps.find(app):
        return []
    try:
        heroku_apps.create(app, host.team, host.region)
    except http.Taken:
        # Our own earlier call may have made it although its answer was lost.
        if not heroku_apps.find(app):
            raise
    return ["the app is made"]


def _attach(host: HostApp, app: App) -> list[str]:
    if host.config_var in heroku_apps.config_vars(app) or not host.database_addon:
        return []
    heroku_apps.attach(app, host.database_addon, host.config_var.removesuffix("_URL"))
    return [f"{host.database_addon} is attached"]


def _report(host: HostApp, label: str, made: list[str]) -> Report:
    problems = check.check(host)
    if problems:
        return base.failed(label, " ".join([*(f"{each}." for each in made), *problems]))
    done = ", ".join([*made, "all that tenants need is there"])
    return Report(OperationOutcome.DONE, f"{label}: {host}: {done}.")
