"""Heroku's accounts and apps: how they begin, and what a change of config vars does."""

import uuid
from datetime import datetime

from emulator.state.behaviour import Behaviour
from emulator.state.clock import Clock
from emulator.state.entities import Account, App
from emulator.times import iso

FIRST_ACCOUNT = "connect@isv.example"
TEAM = "isv-team"  # of the first account
FIRST_DATABASE = "postgresql-emulated"
OWN_DYNOS = 2  # of the portal's own app: web and worker


def stable_id(name: str) -> str:
    """Make a UUID from a name; the same name gives the same UUID."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, name))


def first_account(behaviour: Behaviour, clock: Clock) -> Account:
    """Return the account that has every token which no other account has."""
    return Account(FIRST_ACCOUNT, float(behaviour.rate_limit), clock.seconds, teams=[TEAM])


def new_app(name: str, account_id: str, now: datetime) -> App:
    """Return an app without dynos."""
    return App(id=stable_id(name), name=name, account_id=account_id, created_at=now)


def attachment(app: App, name: str, now: datetime) -> dict[str, str]:
    """Return a new attachment to an app, as an add-on keeps it."""
    return {"id": str(uuid.uuid4()), "app_id": app.id, "name": name, "at": iso(now)}


def set_config(app: App, changes: dict[str, str | None]) -> None:
    """Set config vars; None removes one. Each change is a release, which restarts all dynos."""
    before = dict(app.config_vars)
    for name, value in changes.items():
        if value is None:
            app.config_vars.pop(name, None)
        else:
            app.config_vars[name] = value
    if app.config_vars != before:
        release(app)


def release(app: App) -> None:
    """Count a release; it restarts the app's dynos, if it has any."""
    app.releases += 1
    app.restarts += bool(app.dynos)


def config_bytes(config_vars: dict[str, str]) -> int:
    """Return the size of config vars: their names and values, in bytes."""
    return sum(len(name.encode()) + len(value.encode()) for name, value in config_vars.items())
