"""X's accounts: their ids, and the look-up of them by name. Each is billed once a UTC day."""

import re
import zlib
from typing import Any

from werkzeug.wrappers import Response

from emulator.state.entities import XPost
from emulator.state.world import World
from emulator.web.answers import answer
from emulator.web.call import Call
from emulator.x.invalid import refuse_parameter
from emulator.x.limits import bill_accounts, check_credit
from emulator.x.system import PROBLEMS, SYSTEM

MAX_NAMES = 100
NAME = re.compile(r"[A-Za-z0-9_]{1,15}")


def account_id(username: str) -> str:
    """Return the id of an account: from its name, so that it is the same on every post."""
    return str(10**9 + zlib.crc32(username.lower().encode()))


@SYSTEM.route("/2/users/by")
def users_by(call: Call) -> Response:
    """Find accounts by `usernames`, up to 100; each exists, except `x_unknown_users`."""
    world, given = call.world, call.request.args.get("usernames", "")
    names = given.split(",")
    if len(names) > MAX_NAMES or not all(map(NAME.fullmatch, names)):
        refuse_parameter("usernames", given[:80], "usernames: 1 to 100 names of an account")
    unknown = {each.lower() for each in world.behaviour.x_unknown_users}
    with world.lock:
        check_credit(world)
        found = [_user(world, each) for each in names if each.lower() not in unknown]
        bill_accounts(world, [each["id"] for each in found])
    errors = [_not_found(each) for each in names if each.lower() in unknown]
    # Documented: `data` is left out when nothing is found, `errors` when all is.
    return answer({**({"data": found} if found else {}), **({"errors": errors} if errors else {})})


def _user(world: World, asked: str) -> dict[str, Any]:
    """Show an account with its name as the owner spells it."""
    own = (each for each in world.all(XPost) if each.username.lower() == asked.lower())
    username = next((each.username for each in own), asked)
    return {"id": account_id(asked), "name": username.title(), "username": username}


def _not_found(name: str) -> dict[str, Any]:
    return {
        "value": name,
        "resource_id": name,
        "resource_type": "user",
        "parameter": "usernames",
        "title": "Not Found Error",
        "detail": f"Could not find user with usernames: [{name}].",
        "type": f"{PROBLEMS}resource-not-found",
    }
