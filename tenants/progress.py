"""How far a subscriber is on the way to live, and whose turn it is.

What happens after the sign-in is known to the app that connects the org. It registers a function
that returns the facts, so that this app needs none of its stages.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tenants import proof
from tenants.models import SalesforceGrant, Tenant


class Turn(StrEnum):
    """Who has to act next."""

    SIGN_IN = "sign_in"  # the subscriber's, at Salesforce
    AUTHORIZE = "authorize"  # the subscriber's, at Heroku Connect
    PORTAL = "portal"
    STAFF = "staff"
    DONE = "done"


class MilestoneName(StrEnum):
    """The milestones in their order."""

    REGISTERED = "registered"
    SIGN_IN = "sign_in"
    AUTHORIZE = "authorize"
    LIVE = "live"


@dataclass(frozen=True)
class Facts:
    """What happened since the tenant registered, as far as this app does not know it itself."""

    link_ready: bool = False
    authorized_at: datetime | None = None
    live_at: datetime | None = None
    blocked: bool = False


@dataclass(frozen=True)
class Milestone:
    """One line of the list on the subscriber's page."""

    name: MilestoneName
    done_at: datetime | None
    is_current: bool


@dataclass(frozen=True)
class Progress:
    """When each milestone was reached (None: not yet), and whose turn it is."""

    turn: Turn
    registered_at: datetime
    signed_in_at: datetime | None
    username: str
    lost: bool  # Salesforce no longer accepts the grant
    authorized_at: datetime | None
    live_at: datetime | None

    @property
    def milestones(self) -> list[Milestone]:
        """List the milestones in their order; the first that is not reached is the current one."""
        found: list[Milestone] = []
        times = (self.registered_at, self.signed_in_at, self.authorized_at, self.live_at)
        for name, done_at in zip(MilestoneName, times, strict=True):
            is_current = done_at is None and all(each.done_at for each in found)
            found.append(Milestone(name, done_at, is_current))
        return found

    @property
    def is_moving(self) -> bool:
        """Whether the page is going to change without any action by a person."""
        return self.turn == Turn.PORTAL


def _no_facts(tenant: Tenant) -> Facts:
    return Facts()


_facts_of: Callable[[Tenant], Facts] = _no_facts


def register(facts_of: Callable[[Tenant], Facts]) -> None:
    """Store the function that returns the facts of the app above."""
    global _facts_of
    _facts_of = facts_of


def progress_of(tenant: Tenant) -> Progress:
    """Return how far a tenant is. One query, and one for the facts."""
    grant = SalesforceGrant.objects.filter(tenant=tenant).first()
    facts = _facts_of(tenant)
    is_active = grant is not None and grant.is_active
    return Progress(
        turn=_turn(tenant, facts, is_active=is_active),
        registered_at=tenant.registered_at,
        signed_in_at=grant.issued_at if grant and is_active else None,
        username=grant.username if grant and is_active else "",
        lost=grant is not None and grant.is_lost,
        authorized_at=facts.authorized_at,
        live_at=facts.live_at,
    )


def _turn(tenant: Tenant, facts: Facts, *, is_active: bool) -> Turn:
    if facts.blocked:
        return Turn.STAFF
    # A lost grant is the subscriber's turn, also after going live.
    if facts.live_at and is_active:
        return Turn.DONE
    if not is_active:
        return Turn.SIGN_IN
    if facts.link_ready and not facts.authorized_at:
        return Turn.AUTHORIZE
    return Turn.PORTAL if proof.is_proven(tenant) else Turn.STAFF
