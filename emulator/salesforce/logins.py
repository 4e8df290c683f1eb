"""Which users can log in at which host."""

from emulator.org.org import Org, User
from emulator.state.world import World

LOGIN, TEST = "login.salesforce.com", "test.salesforce.com"


def login_host(environment: str, domain: str | None) -> str:
    """The host for an environment; a `custom` one is at its own `domain`."""
    if environment == "custom" and domain:
        return domain
    return TEST if environment == "sandbox" else LOGIN


def orgs_at(world: World, host: str) -> list[Org]:
    """List the orgs whose users can log in at a host: production, sandboxes, or that one org."""
    if host == LOGIN:
        return [each for each in world.orgs.values() if each.environment != "sandbox"]
    if host == TEST:
        return [each for each in world.orgs.values() if each.environment == "sandbox"]
    return [each for each in world.orgs.values() if each.my_domain == host.lower()]


def find_user(world: World, org_id: str, user_id: str) -> tuple[Org, User] | None:
    """Find a user of an org by their ids."""
    org = world.orgs.get(org_id)
    user = next((each for each in org.users if each.id == user_id), None) if org else None
    return (org, user) if org and user else None


def chosen_user(world: World, host: str, value: str) -> tuple[Org, User] | None:
    """Find the user of a button's value, <org id>/<user id>, if that one can log in at the host."""
    org_id, _, user_id = value.partition("/")
    found = find_user(world, org_id, user_id)
    return found if found and found[0] in orgs_at(world, host) else None
