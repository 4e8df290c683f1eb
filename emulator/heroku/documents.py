"""The JSON documents of Heroku's Platform API."""

from datetime import datetime
from typing import Any

from emulator.heroku.attached import Attached
from emulator.state.apps import stable_id
from emulator.state.behaviour import Behaviour
from emulator.state.entities import Account, AddOn, App
from emulator.state.world import World
from emulator.times import iso
from emulator.web.call import Call

SERVICE = "herokuconnect"
STACK = "heroku-24"
POSTGRES = "heroku-postgresql"
POSTGRES_PLAN = f"{POSTGRES}:standard-0"  # of every emulated Postgres add-on
_LONG_AGO = "2020-01-01T00:00:00Z"


def app_json(app: App) -> dict[str, Any]:
    """Show an app."""
    created = stamp(app.created_at)
    return {
        **app_ref(app),
        "archived_at": None,
        "build_stack": ref(STACK),
        "created_at": created,
        "git_url": f"https://git.heroku.com/{app.name}.git",
        "maintenance": False,
        "owner": {"id": stable_id(app.account_id), "email": app.account_id},
        "region": ref(app.region),
        "released_at": created,
        "repo_size": None,
        "slug_size": None,
        "space": None,
        "stack": ref(STACK),
        "team": ref(app.team) if app.team else None,
        "updated_at": created,
        "web_url": f"https://{app.name}.herokuapp.com/",
    }


def addon_json(call: Call, addon: AddOn) -> dict[str, Any]:
    """Show an add-on with every key; `Accept-Expansion` shows its plan and service in full."""
    world = call.world
    wanted = call.request.headers.get("Accept-Expansion", "").split(",")
    document = _addon_json(world, addon)
    if "plan" in wanted:
        document["plan"] = plan_json(world.behaviour, addon.plan.partition(":")[2])
    if "addon_service" in wanted:
        document["addon_service"] = service_json()
    return document


def _addon_json(world: World, addon: AddOn) -> dict[str, Any]:
    ready = addon.state == "provisioned"
    app = app_ref(world.apps[addon.app_id])
    return {
        "actions": [],
        "addon_service": ref(SERVICE),
        "billing_entity": {**app, "type": "app"},
        "app": app,
        "billed_price": price(world.behaviour, addon.plan.partition(":")[2]),
        # The name of the attachment is not shown here: Heroku takes it but never returns it.
        "config_vars": [
            f"{each['name']}_URL" for each in addon.attachments if each["app_id"] == addon.app_id
        ],
        "created_at": stamp(addon.created_at),
        "id": addon.id,
        "name": addon.name,
        "plan": {"id": stable_id(addon.plan), "name": addon.plan},
        "provider_id": addon.id if ready else None,
        "provision_message": "Heroku Connect is ready." if ready else None,
        "state": addon.state,
        "updated_at": stamp(addon.updated_at),
        "web_url": f"https://addons-sso.heroku.com/apps/{addon.app_id}/addons/{addon.id}",
    }


def attachment_json(call: Call, attached: Attached) -> dict[str, Any]:
    """Show an attachment; `Accept-Inclusion` adds its config vars and the plan of its add-on."""
    wanted = call.request.headers.get("Accept-Inclusion", "")
    made = stamp(attached.at)
    addon: dict[str, Any] = {
        "id": attached.addon_id,
        "name": attached.addon_name,
        "app": app_ref(attached.owner(call.world)),
    }
    if "addon:plan" in wanted:
        plan = POSTGRES_PLAN if isinstance(attached.addon, str) else attached.addon.plan
        addon["plan"] = ref(plan)
    inclusion = {"config_vars": [f"{attached.name}_URL"]} if "config_vars" in wanted else {}
    return {
        "addon": addon,
        "app": app_ref(attached.app),
        "created_at": made,
        "id": attached.id,
        "name": attached.name,
        "namespace": None,
        "updated_at": made,
        "web_url": None,
        "log_input_url": None,
        **inclusion,
    }


def app_ref(app: App) -> dict[str, str]:
    """The app's id and name, as in other documents."""
    return {"id": app.id, "name": app.name}


def price(behaviour: Behaviour, plan: str) -> dict[str, Any]:
    """Show a plan's price. Demo is free, the others are by contract unless a price is set."""
    prices = dict(each.split("=", 1) for each in behaviour.plan_cents)
    contract = plan not in prices and plan != "demo"
    return {"cents": int(prices.get(plan, 0)), "contract": contract, "unit": "month"}


def ref(name: str) -> dict[str, str]:
    """A thing's id and name, as in other documents."""
    return {"id": stable_id(name), "name": name}


def stamp(moment: datetime) -> str:
    """Write a moment as the Platform API does, in whole seconds."""
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
        "addon_service": ref(SERVICE),
        "price": price(behaviour, name),
    }


def postgres_plan_json() -> dict[str, Any]:
    """Show the one plan of Postgres that there is; it is free here."""
    return {
        **ref(POSTGRES_PLAN),
        "human_name": "Standard 0",
        "description": "Heroku Postgres Standard 0",
        "default": True,
        "state": "ga",
        "addon_service": ref(POSTGRES),
        "price": {"cents": 0, "contract": False, "unit": "month"},
    }


def service_json() -> dict[str, Any]:
    """Show Heroku Connect as an add-on service."""
    return _service_json(SERVICE, "Heroku Connect", "heroku-connect-plugin")


def postgres_service_json() -> dict[str, Any]:
    """Show Postgres as an add-on service."""
    return _service_json(POSTGRES, "Heroku Postgres", None)


def _service_json(name: str, human_name: str, plugin: str | None) -> dict[str, Any]:
    return {
        **ref(name),
        "cli_plugin_name": plugin,
        "created_at": _LONG_AGO,
        "human_name": human_name,
        "state": "ga",
        "supports_multiple_installations": True,
        "supports_sharing": True,
        "updated_at": _LONG_AGO,
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
