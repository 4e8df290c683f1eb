"""Grants: a user's consent to an app, with its tokens. Made by a consent, ended by revocation.

A token contains its grant's id, so that the grant is found at once; to clients it is opaque text.
"""

import secrets

from emulator.org.org import Org, User
from emulator.state.entities import Grant
from emulator.state.world import World


class Denied(Exception):
    """An OAuth error code and its description."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(code, description)
        self.code = code
        self.description = description


def issue(world: World, org: Org, user: User, client_id: str, scope: str, host: str) -> Grant:
    """Make a grant. Above `grants_per_user` for a user and app, the oldest one is revoked."""
    with world.lock:
        grant = Grant(
            id=secrets.token_hex(12),
            org_id=org.id,
            user_id=user.id,
            client_id=client_id,
            scope=scope,
            host=host,
            created_at=world.clock.now(),
            used_at=world.clock.stamp,
        )
        world.put(grant)
        # Documented: at most five for a user and an app; the sixth ends the oldest.
        live = [
            each
            for each in world.all(Grant)
            if not each.revoked
            and (each.org_id, each.user_id, each.client_id) == (org.id, user.id, client_id)
        ]
        for old in live[: max(0, len(live) - world.behaviour.grants_per_user)]:
            revoke(world, old)
        return grant


def new_access_token(world: World, grant: Grant) -> str:
    """Make an access token with a limited life."""
    now = world.clock.stamp
    token = f"{grant.org_id[:15]}!AQ{grant.id}.{secrets.token_urlsafe(48)}"
    # Tokens that have ended go, or an emulator that runs for days would keep them all.
    grant.access_tokens = {old: end for old, end in grant.access_tokens.items() if end > now}
    grant.access_tokens[token] = now + world.behaviour.access_token_seconds
    grant.used_at = now
    world.put(grant)
    return token


def new_refresh_token(world: World, grant: Grant) -> str:
    """Make the grant's next refresh token."""
    token = f"5Aep{grant.id}.{secrets.token_urlsafe(32)}"
    grant.refresh_tokens.append(token)
    world.put(grant)
    return token


def refresh(world: World, token: str, client_id: str) -> Grant:
    """Use a refresh token; raises Denied. A used one may be stolen, so its whole grant ends."""
    with world.lock:
        grant = find(world, token)
        # Salesforce's rule for partners: 30 days without use end a refresh token.
        idle = world.behaviour.refresh_idle_seconds
        if (
            grant is None
            or grant.revoked
            or token not in grant.refresh_tokens
            or grant.client_id != client_id
            or grant.used_at + idle < world.clock.stamp
        ):
            raise Denied("invalid_grant", "expired access/refresh token")
        # With rotation each use makes the next token, so only the newest one is unused.
        if token != grant.refresh_tokens[-1]:
            revoke(world, grant)
            raise Denied("invalid_grant", "expired access/refresh token")
        return grant


def of_access_token(world: World, token: str) -> Grant | None:
    """Find the grant of an access token that is still valid."""
    grant = find(world, token)
    if grant is None or grant.revoked:
        return None
    return grant if grant.access_tokens.get(token, 0) > world.clock.stamp else None


def find(world: World, token: str) -> Grant | None:
    """Find the grant that a token, valid or not, belongs to."""
    start = token.partition("!AQ")[2] if "!AQ" in token else token.removeprefix("5Aep")
    return world.grants.get(start.partition(".")[0])


def revoke(world: World, grant: Grant) -> None:
    """End a grant: none of its tokens works any more."""
    grant.revoked = True
    grant.access_tokens = {}
    world.put(grant)
