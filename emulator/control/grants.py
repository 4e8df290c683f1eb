"""/control/grants: what users of the orgs have granted, and how it ends."""

from typing import Any

from werkzeug.wrappers import Response

from emulator.control.org_documents import find_org, org_json
from emulator.control.system import SYSTEM
from emulator.org.org import Org
from emulator.salesforce import grants, identity
from emulator.salesforce.logins import LOGIN
from emulator.state.entities import Grant
from emulator.state.world import World
from emulator.web.answers import answer
from emulator.web.call import Call

SCOPE = "api refresh_token"


@SYSTEM.route("/grants")
def list_grants(call: Call) -> Response:
    """List the grants to every app, revoked ones too, oldest first; without their tokens."""
    found = [_grant_json(each) for each in call.world.all(Grant)]
    return answer({"count": len(found), "grants": found})


@SYSTEM.route("/orgs/<org_id>/grants", "POST")
def create_grant(call: Call, org_id: str) -> Response:
    """Let the org's administrator grant access to the connected app; answers with the tokens."""
    world, org = call.world, find_org(call, org_id)
    user = org.users[0]
    grant = grants.issue(world, org, user, world.options.client_id, SCOPE, LOGIN)
    tokens = {
        "access_token": grants.new_access_token(world, grant),
        "refresh_token": grants.new_refresh_token(world, grant),
        "instance_url": identity.instance_url(call.base, org),
        "identity_url": identity.identity_url(call.base, LOGIN, org, user),
        "username": user.username,
    }
    return answer({**_grant_json(grant), **tokens}, 201)


@SYSTEM.route("/orgs/<org_id>/expire", "POST")
def expire_access_tokens(call: Call, org_id: str) -> Response:
    """End the access tokens of the org's users; their refresh tokens stay."""
    org = find_org(call, org_id)
    expire_tokens_of(call.world, org)
    return answer(org_json(call, org))


def expire_tokens_of(world: World, org: Org) -> None:
    """End the access tokens of an org's users."""
    for each in _grants_of(world, org):
        each.access_tokens = {}
        world.put(each)


@SYSTEM.route("/orgs/<org_id>/revoke", "POST")
def revoke(call: Call, org_id: str) -> Response:
    """Revoke what users of the org granted, Heroku Connect's access too."""
    org = find_org(call, org_id)
    revoke_grants_of(call.world, org)
    return answer(org_json(call, org))


def revoke_grants_of(world: World, org: Org) -> None:
    """Revoke what an org's users have granted to any app."""
    for each in _grants_of(world, org):
        grants.revoke(world, each)


def _grants_of(world: World, org: Org) -> list[Grant]:
    return [each for each in world.all(Grant) if each.org_id == org.id]


def _grant_json(grant: Grant) -> dict[str, Any]:
    return {
        "id": grant.id,
        "org_id": grant.org_id,
        "user_id": grant.user_id,
        "client_id": grant.client_id,
        "scope": grant.scope,
        "revoked": grant.revoked,
    }
