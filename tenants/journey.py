"""Where a subscriber stands on the way to live, and whose turn it is, told from facts alone."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tenants import registration
from tenants.models import Event, EventKind, GrantStatus, SalesforceGrant, Tenant

# The stages of connect that a subscriber sees; an event's data names the stage that it began.
LINK_READY = "waiting_for_authorization"
_BEGINNINGS = {"waiting_for_proof", "creating_addon"}
_STEPS = ("registered", "sign_in", "authorize", "live")


class Turn(StrEnum):
    """Whose move it is."""

    SIGN_IN = "sign_in"  # the subscriber's, at Salesforce
    AUTHORIZE = "authorize"  # the subscriber's, at Heroku Connect
    PORTAL = "portal"
    STAFF = "staff"
    NOBODY = "nobody"


@dataclass(frozen=True)
class Facts:
    """What the timeline says since the tenant registered."""

    link_ready: bool = False
    authorized_at: datetime | None = None
    live_at: datetime | None = None
    blocked: bool = False


@dataclass(frozen=True)
class Step:
    """One line of the subscriber's list."""

    name: str
    done_at: datetime | None
    is_current: bool


@dataclass(frozen=True)
class Journey:
    """When each step was done (None: not yet), and whose turn it is."""

    turn: Turn
    registered_at: datetime
    signed_in_at: datetime | None
    username: str
    lost: bool  # Salesforce took the consent back
    authorized_at: datetime | None
    live_at: datetime | None

    @property
    def steps(self) -> list["Step"]:
        """List the four steps in their order; the first that is not done is the current one."""
        found: list[Step] = []
        moments = (self.registered_at, self.signed_in_at, self.authorized_at, self.live_at)
        for name, done_at in zip(_STEPS, moments, strict=True):
            is_current = done_at is None and all(step.done_at for step in found)
            found.append(Step(name, done_at, is_current))
        return found

    @property
    def is_moving(self) -> bool:
        """Whether the page changes soon without anybody's doing."""
        return self.turn == Turn.PORTAL


def of(tenant: Tenant) -> Journey:
    """Return where a tenant stands. Two queries."""
    grant = SalesforceGrant.objects.filter(tenant=tenant).first()
    facts = read(Event.objects.filter(tenant=tenant, at__gte=tenant.registered_at).reverse())
    is_active = grant is not None and grant.status == GrantStatus.ACTIVE
    return Journey(
        turn=_turn(tenant, facts, is_active=is_active),
        registered_at=tenant.registered_at,
        signed_in_at=grant.issued_at if grant and is_active else None,
        username=grant.username if grant and is_active else "",
        lost=grant is not None and grant.status == GrantStatus.REFUSED,
        authorized_at=facts.authorized_at,
        live_at=facts.live_at,
    )


def read(events: Iterable[Event]) -> Facts:
    """Fold a timeline, oldest event first. What starting over undoes is forgotten."""
    ready, blocked = False, False
    authorized_at: datetime | None = None
    live_at: datetime | None = None
    for event in events:
        stage = event.data.get("stage", "")
        if event.kind == EventKind.BLOCKED:
            blocked = True
            continue
        if stage or event.kind in (EventKind.WAITING, EventKind.TROUBLE):
            blocked = False
        if stage == LINK_READY or stage in _BEGINNINGS:
            ready, authorized_at, live_at = stage == LINK_READY, None, None
        if event.kind == EventKind.AUTHORIZED:
            authorized_at = event.at
        if event.kind == EventKind.LIVE:
            live_at = event.at
    return Facts(ready, authorized_at, live_at, blocked)


def _turn(tenant: Tenant, facts: Facts, *, is_active: bool) -> Turn:
    if facts.blocked:
        return Turn.STAFF
    if facts.live_at and is_active:
        return Turn.NOBODY
    if not is_active:
        return Turn.SIGN_IN
    if facts.link_ready and not facts.authorized_at:
        return Turn.AUTHORIZE
    return Turn.PORTAL if registration.proof_suffices(tenant) else Turn.STAFF
