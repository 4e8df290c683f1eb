"""The JSON documents of Heroku's Platform API."""

from datetime import datetime
from typing import Any

from emulator.state.apps import stable_id
from emulator.state.behaviour import Behaviour
from emulator.state.entities import Account, AddOn, App
from emulator.state.world import World
from emulator.times import iso

STACK = "heroku-24"
POSTGRES_PLAN = "heroku-postgresql:standard-0"  # of every emulated Postgres add-on
_LONG_AGO = "2020-01-01T00:00:00Z"


def app_json(app: App) -> dict[str, Any]:
    """Show an app."""
    created = _stamp(app.created_at)
    return {
        **app_ref(app),
        "archived_at": None,
        "build_stack": _ref(STACK),
        "created_at": created,
        "git_url": f"https://git.heroku.com/{app.name}.git",
        "maintenance": False,
        "owner": {"id": stable_id(app.account_id), "email": app.account_id},
        "region": _ref(app.region),
        "released_at": created,
        "repo_size": None,
        "slug_size": None,
        "space": None,
        "stack": _ref(STACK),
        "team": _ref(app.team) if app.team else None,
        "updated_at": created,
        "web_url": f"https://{app.name}.herokuapp.com/",
    }


def database_json(app: App, attachment: str, addon: str) -> dict[str, Any]:
    """Show the attachment of a Postgres add-on."""
    made = _stamp(app.created_at)
    return {
        "addon": {"id": stable_id(addon), "name": addon, "app": app_ref(app)},
        "app": app_ref(app),
        "created_at": made,
        "id": stable_id(f"{app.name}/{attachment}"),
        "name": attachment,
        "namespace": None,
        "updated_at": made,
        "web_url": None,
        "log_input_url": None,
    }


def addon_json(world: World, addon: AddOn) -> dict[str, Any]:
    """Show an add-on with every key of the Platform API."""
    ready = addon.state == "provisioned"
    app = app_ref(world.apps[addon.app_id])
    return {
        "actions": [],
        "addon_service": {"id": stable_id("herokuconnect"), "name": "herokuconnect"},
        "billing_entity": {**app, "type": "app"},
        "app": app,
        "billed_price": price(world.behaviour, addon.plan.partition(":")[2]),
        # The name of the attachment is not shown here: Heroku takes it but never returns it.
        "config_vars": [f"{addon.attachment_name}_URL"],
        "created_at": _stamp(addon.created_at),
        "id": addon.id,
        "name": addon.name,
        "plan": {"id": stable_id(addon.plan), "name": addon.plan},
        "provider_id": addon.id if ready else None,
        "provision_message": "Heroku Connect is ready." if ready else None,
        "state": addon.state,
        "updated_at": _stamp(addon.updated_at),
        "web_url": f"https://addons-sso.heroku.com/apps/{addon.app_id}/addons/{addon.id}",
    }


def attachment_json(world: World, addon: AddOn) -> dict[str, Any]:
    """Show the one attachment of an add-on."""
    app = app_ref(world.apps[addon.app_id])
    return {
        "addon": {"id": addon.id, "name": addon.name, "app": app},
        "app": app,
        "created_at": _stamp(addon.created_at),
        "id": addon.attachment_id,
        "name": addon.attachment_name,
        "namespace": None,
        "updated_at": _stamp(addon.updated_at),
        "web_url": None,
        "log_input_url": None,
    }


def app_ref(app: App) -> dict[str, str]:
    """The app's id and name, as in other documents."""
    return {"id": app.id, "name": app.name}


def price(behaviour: Behaviour, plan: str) -> dict[str, Any]:
    """Show a plan's price. Demo is free, the others are by contract unless a price is set."""
    prices = dict(each.split("=", 1) for each in behaviour.plan_cents)
    contract = plan not in prices and plan != "demo"
    return {"cents": int(prices.get(plan, 0)), "contract": contract, "unit": "month"}


def _ref(name: str) -> dict[str, str]:
    return {"id": stable_id(name), "name": name}


def _stamp(moment: datetime) -> str:
    # The Platform API writes whole seconds.
    return iso(moment.replace(microsecond=0))


def plan_json(behaviour: Behaviour, name: str) -> dict[str, Any]:
    """Show a plan of Heroku Connect."""
    return {
        "id": stable_id(f"herokuconnect:{name}"),
        "name": f"herokuconnect:{name}",
        "human_name": name.title(),
        "description": f"Heroku Connect {name.title()}",
        "default": name == "demo",
        "state": "ga",
        "addon_service": {"id": stable_id("herokuconnect"), "name": "herokuconnect"},
        "price": price(behaviour, name),
    }


def account_json(account: Account) -> dict[str, Any]:
    """Show an account."""
    return {**_ACCOUNT, "id": stable_id(account.id), "email": account.id}


_ACCOUNT = {
    "name": "ISV Operations",
    "verified": True,
    "two_factor_authentication": True,
    "allow_tracking": False,
    "beta": False,
    "created_at": _LONG_AGO,
    "updated_at": _LONG_AGO,
    "last_login": _LONG_AGO,
    "suspended_at": None,
    "delinquent_at": None,
    "federated": False,
    "identity_provider": None,
    "country_of_residence": None,
    "default_organization": None,
    "default_team": None,
    "sms_number": None,
}
