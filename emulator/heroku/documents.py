"""The JSON documents of Heroku's Platform API."""

import uuid
from datetime import datetime
from typing import Any

from emulator.state.entities import AddOn
from emulator.state.world import World
from emulator.times import iso

ACCOUNT_EMAIL = "connect@isv.example"
_LONG_AGO = "2020-01-01T00:00:00Z"


def app_id(world: World) -> str:
    """The app's UUID, the same at every start."""
    return stable_id(world.options.app)


def is_the_app(world: World, given: str) -> bool:
    """Return whether `given` is the name or the id of the one app."""
    return given in (world.options.app, app_id(world))


def addon_json(world: World, addon: AddOn) -> dict[str, Any]:
    """Show an add-on with every key of the Platform API."""
    ready = addon.state == "provisioned"
    return {
        "actions": [],
        "addon_service": {"id": stable_id("herokuconnect"), "name": "herokuconnect"},
        "billing_entity": {**app_ref(world), "type": "app"},
        "app": app_ref(world),
        "billed_price": {"cents": 0, "contract": False, "unit": "month"},
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
        "web_url": f"https://addons-sso.heroku.com/apps/{app_id(world)}/addons/{addon.id}",
    }


def attachment_json(world: World, addon: AddOn) -> dict[str, Any]:
    """Show the one attachment of an add-on."""
    return {
        "addon": {"id": addon.id, "name": addon.name, "app": app_ref(world)},
        "app": app_ref(world),
        "created_at": _stamp(addon.created_at),
        "id": addon.attachment_id,
        "name": addon.attachment_name,
        "namespace": None,
        "updated_at": _stamp(addon.updated_at),
        "web_url": None,
        "log_input_url": None,
    }


def app_ref(world: World) -> dict[str, str]:
    """The app's id and name, as in other documents."""
    return {"id": app_id(world), "name": world.options.app}


def stable_id(name: str) -> str:
    """Make a UUID from a name; the same name gives the same UUID."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, name))


def _stamp(moment: datetime) -> str:
    # The Platform API writes whole seconds.
    return iso(moment.replace(microsecond=0))


def plan_json(name: str) -> dict[str, Any]:
    """Show a plan of Heroku Connect."""
    return {
        "id": stable_id(f"herokuconnect:{name}"),
        "name": f"herokuconnect:{name}",
        "human_name": name.title(),
        "description": f"Heroku Connect {name.title()}",
        "default": name == "demo",
        "state": "ga",
        "addon_service": {"id": stable_id("herokuconnect"), "name": "herokuconnect"},
        "price": {"cents": 0, "contract": name != "demo", "unit": "month"},
    }


ACCOUNT = {
    "id": stable_id("account"),
    "email": ACCOUNT_EMAIL,
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
