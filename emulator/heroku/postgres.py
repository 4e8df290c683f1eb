"""The Postgres add-ons that the emulator is started with: an app has them once they are attached.

The first app that has one pays for it, so it is that app's add-on, as with Heroku's own.
"""

from typing import Any

from emulator.heroku.attached import payer_of
from emulator.heroku.checks import visible_app
from emulator.heroku.documents import (
    POSTGRES,
    POSTGRES_PLAN,
    app_ref,
    postgres_plan_json,
    postgres_service_json,
    ref,
    stamp,
)
from emulator.state.apps import stable_id
from emulator.state.entities import App
from emulator.web.call import Call
from emulator.web.tokens import account_of


def databases_of(call: Call, app: App | None = None) -> list[dict[str, Any]]:
    """Show the Postgres add-ons of an app, or of every app of the account."""
    owned = ((name, payer_of(call.world, name)) for name in call.world.database_addons)
    account = account_of(call).id
    return [
        _json(call, name, owner)
        for name, owner in owned
        if owner and owner.account_id == account and app in (None, owner)
    ]


def find_database(call: Call, key: str, app: str = "") -> dict[str, Any] | None:
    """Show a Postgres add-on by its name or id, or by the name of an attachment to an app."""
    attached_to = visible_app(call, app) if app else None
    wanted = attached_to.databases.get(key, key) if attached_to else key
    return next((each for each in databases_of(call) if is_named(each, wanted)), None)


def is_named(addon: dict[str, Any], key: str) -> bool:
    """Return whether a key is the name or the id of an add-on that is shown."""
    return key in (addon["id"], addon["name"])


def _json(call: Call, name: str, owner: App) -> dict[str, Any]:
    wanted = call.request.headers.get("Accept-Expansion", "").split(",")
    made = stamp(owner.created_at)
    return {
        "actions": [],
        "addon_service": postgres_service_json() if "addon_service" in wanted else ref(POSTGRES),
        "billing_entity": {**app_ref(owner), "type": "app"},
        "app": app_ref(owner),
        "billed_price": postgres_plan_json()["price"],
        "config_vars": [
            f"{attachment}_URL" for attachment, addon in owner.databases.items() if addon == name
        ],
        "created_at": made,
        "id": stable_id(name),
        "name": name,
        "plan": postgres_plan_json() if "plan" in wanted else ref(POSTGRES_PLAN),
        "provider_id": stable_id(name),
        "provision_message": None,
        "state": "provisioned",
        "updated_at": made,
        "web_url": f"https://addons-sso.heroku.com/apps/{owner.id}/addons/{stable_id(name)}",
    }
