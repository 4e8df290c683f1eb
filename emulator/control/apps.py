"""/control/apps and /control/accounts: Heroku's apps with their counts, and further accounts."""

from dataclasses import asdict
from typing import Any

from werkzeug.wrappers import Response

from emulator.control.system import SYSTEM, reject
from emulator.state.apps import new_app
from emulator.state.entities import Account, App
from emulator.state.world import World
from emulator.times import iso
from emulator.web.answers import answer
from emulator.web.call import Call


@SYSTEM.route("/apps")
def list_apps(call: Call) -> Response:
    """List the apps, oldest first, with how often each was released and restarted."""
    call.engine.settle_addons()
    return answer({"apps": [_app_json(each) for each in call.world.all(App)]})


@SYSTEM.route("/apps", "POST")
def create(call: Call) -> Response:
    """Make an app {name, account, dynos, databases}: `databases` are add-ons by attachment."""
    world, body = call.world, call.json()
    name, databases = str(body.get("name", "")), dict(body.get("databases", {}))
    account = str(body.get("account") or world.all(Account)[0].id)
    unknown = [each for each in databases.values() if each not in world.database_addons]
    if not name or world.get(Account, account) is None or unknown:
        reject(400, "name, a known account, and databases that exist are expected")
    app = new_app(name, account, world.clock.now())
    app.dynos, app.databases = int(body.get("dynos", 0)), databases
    for attachment, addon in databases.items():
        app.config_vars[f"{attachment}_URL"] = world.database_addons[addon]
    world.put(app)
    return answer(_app_json(app), 201)


@SYSTEM.route("/accounts", "POST")
def add_account(call: Call) -> Response:
    """Add an account {email, tokens, teams}: it has its own apps and its own budget of calls."""
    world, body = call.world, call.json()
    email = str(body.get("email", ""))
    if "@" not in email:
        reject(400, "email is an address")
    account = Account(
        email,
        float(world.behaviour.rate_limit),
        world.clock.seconds,
        list(body.get("tokens", [])),
        list(body.get("teams", [])),
    )
    world.put(account)
    return answer(asdict(account), 201)


@SYSTEM.route("/accounts")
def list_accounts(call: Call) -> Response:
    """List the accounts with the calls that each has left."""
    return answer(
        {"accounts": [_account_json(call.world, each) for each in call.world.all(Account)]}
    )


def _account_json(world: World, account: Account) -> dict[str, Any]:
    apps = [each.name for each in world.all(App) if each.account_id == account.id]
    return {**asdict(account), "apps": apps}


def _app_json(app: App) -> dict[str, Any]:
    return {**asdict(app), "created_at": iso(app.created_at)}
