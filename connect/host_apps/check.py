"""Checking a host app: whether Heroku has all that its tenants need."""

import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from django.db import connections
from django.utils import timezone

from connect import databases
from connect.clients import heroku_apps, heroku_connect
from connect.clients.accounts import App, app_of_host
from connect.models import HostApp
from connect.placement import place

_OF_TENANT = re.compile(r"HC_00D[0-9A-Z]{15}_[1-9][0-9]*_URL")


def check(host: HostApp) -> list[str]:
    """Ask Heroku for all that tenants need; store and return what is missing, a sentence each.

    Four calls. Raises the errors of connect.clients.http; then nothing is stored.
    """
    app = app_of_host(host)
    seen = heroku_apps.find(app)
    if seen is None:
        return _store(
            host, [f"{app.account.in_words} has no app {host.name}, or does not show it."]
        )
    config_vars = heroku_apps.config_vars(app)
    host.region, host.team = seen.region or host.region, seen.team
    host.other_config_bytes = _other_bytes(config_vars)
    # Gives our user access; without the API of Heroku Connect no tenant could go on.
    heroku_connect.link(app)
    return _store(host, [*_of_app(host, app), *_of_database(host, config_vars)])


def _of_app(host: HostApp, app: App) -> Iterator[str]:
    # One that is closed gets no new add-ons, and so no restarts.
    if host.accepts and (running := heroku_apps.dynos(app)):
        yield (
            f"{host.name} runs dynos ({running}): each new add-on would restart them. Use an app "
            "without code."
        )
    if host.other_config_bytes >= host.max_config_bytes:
        yield "Its own config vars leave no room for add-ons."


def _of_database(host: HostApp, config_vars: Mapping[str, str]) -> Iterator[str]:
    address = config_vars.get(host.config_var)
    if address is None:
        attached = f"heroku addons:attach <the database> --app {host.name}"
        name = host.config_var.removesuffix("_URL")
        yield f"It has no {host.config_var}: {attached} --as {name}"
    elif problem := databases.problem(host.database):
        yield f"{problem}."
    elif _place_of(address) != _place_here(host.database):
        yield (
            f"{host.config_var} leads to another database than {host.database} of the portal: "
            "tenants' rows would not be found."
        )


def _place_of(address: str) -> tuple[str, str]:
    """Return host and database of an address; its user may be another than the portal's."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return "", ""
    return parts.hostname or "", parts.path.lstrip("/")


def _place_here(alias: str) -> tuple[str, str]:
    known = connections[alias].settings_dict
    return str(known["HOST"]), str(known["NAME"])


def _other_bytes(config_vars: Mapping[str, str]) -> int:
    return sum(
        len(name.encode()) + len(value.encode())
        for name, value in config_vars.items()
        if not _OF_TENANT.fullmatch(name)
    )


def _store(host: HostApp, problems: list[str]) -> list[str]:
    """Store the result. A host app in which something is missing gets no new tenants."""
    now = timezone.now()
    host.checked_at, host.problem = now, " ".join(problems)
    host.ready_at = None if problems else host.ready_at or now
    host.save(
        update_fields=[
            *("checked_at", "problem", "ready_at", "region", "team", "other_config_bytes"),
        ]
    )
    if host.ready_at:
        place.look_again()
    return problems
