"""How far a subscriber is on the way to live, and what their page says of it now.

How the connection stands is known to the app that connects the org. It registers a function that
returns the facts, so that this app needs none of its stages.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tenants.models import GrantStatus, SalesforceGrant, Tenant


class Button(StrEnum):
    """The one thing that the subscriber can press; NONE where they have nothing to do."""

    NONE = ""
    SIGN_IN = "sign_in"  # at Salesforce
    AUTHORIZE = "authorize"  # at Heroku Connect
    CONTACT = "contact"  # writes to us

    @property
    def label(self) -> str:
        """What stands on it, "" for NONE."""
        return _LABELS[self]


_LABELS = {
    Button.NONE: "",
    Button.SIGN_IN: "Sign in to Salesforce",
    Button.AUTHORIZE: "Authorize Heroku Connect",
    Button.CONTACT: "Write to us",
}


@dataclass(frozen=True)
class ForSubscriber:
    """What the subscriber's page says. It holds no internal word and no peer's message."""

    headline: str
    text: str
    button: Button = Button.NONE


# Of a link that is too old, or whose org has left.
LINK_ENDED = ForSubscriber(
    "This link no longer works",
    "It may be older than 30 days, cut off by a mail program, or replaced by a newer link. Look "
    "for our latest e-mail, or ask us for a new link.",
)

LINK_LOST = ForSubscriber(
    "Have a new link mailed to you",
    "We send it to the contact of the org, if the address is the one that we know.",
)
LINK_MAILED = ForSubscriber(
    "Look at your e-mails",
    "If we know you as the contact of an org, a new link is on its way to you. It arrives within a "
    "few minutes. If it does not, write to us.",
)


class MilestoneName(StrEnum):
    """The milestones in their order."""

    REGISTERED = "registered"
    SIGN_IN = "sign_in"
    AUTHORIZE = "authorize"
    LIVE = "live"


@dataclass(frozen=True)
class Facts:
    """How the connection stands, as far as this app does not know it itself.

    `is_live`: data is synchronized now. `live_at` is when it first was, also if it has stopped, and
    `synced_at` when it last was.
    `is_moving`: the portal is at work, and the page is about to change. `ends_at`: staff off-board
    the org, and until then that can be undone.
    """

    said: ForSubscriber
    is_live: bool = False
    is_moving: bool = False
    authorized_at: datetime | None = None
    live_at: datetime | None = None
    synced_at: datetime | None = None
    ends_at: datetime | None = None


@dataclass(frozen=True)
class Milestone:
    """One line of the list on the subscriber's page."""

    name: MilestoneName
    done_at: datetime | None
    is_current: bool


@dataclass(frozen=True)
class Progress:
    """What the page says, and when each milestone was reached (None: not yet, or not any more)."""

    said: ForSubscriber
    is_live: bool
    is_moving: bool
    was_authorized: bool
    was_live: bool
    username: str
    registered_at: datetime
    signed_in_at: datetime | None
    authorized_at: datetime | None
    live_at: datetime | None
    synced_at: datetime | None
    ends_at: datetime | None

    @property
    def milestones(self) -> list[Milestone]:
        """List the milestones in their order. The current one is the first that is not reached.

        It is the one of the button, if that asks to authorize: it needs no sign-in.
        """
        times = (self.registered_at, self.signed_in_at, self.authorized_at, self.live_at)
        pairs = list(zip(MilestoneName, times, strict=True))
        current = next((name for name, done_at in pairs if done_at is None), None)
        if self.said.button == Button.AUTHORIZE:
            current = MilestoneName.AUTHORIZE
        return [Milestone(name, done_at, name == current) for name, done_at in pairs]


FactsOf = Callable[[Tenant, SalesforceGrant | None], Facts]
_RECEIVED = ForSubscriber("We have received your registration", "This takes a few minutes.")


def _no_facts(tenant: Tenant, grant: SalesforceGrant | None) -> Facts:
    return Facts(_RECEIVED)


_facts_of: FactsOf = _no_facts


def register(facts_of: FactsOf) -> None:
    """Store the function that returns the facts of the app above."""
    global _facts_of
    _facts_of = facts_of


def progress_of(tenant: Tenant) -> Progress:
    """Return how far a tenant is. One query, and those for the facts."""
    grant = SalesforceGrant.objects.filter(tenant=tenant).first()
    facts = _facts_of(tenant, grant)
    signed_in = grant if grant and grant.status == GrantStatus.ACTIVE else None
    is_authorized = facts.said.button != Button.AUTHORIZE
    return Progress(
        said=facts.said,
        is_live=facts.is_live,
        is_moving=facts.is_moving,
        was_authorized=facts.authorized_at is not None,
        was_live=facts.live_at is not None,
        username=signed_in.username if signed_in else "",
        registered_at=tenant.registered_at,
        signed_in_at=signed_in.issued_at if signed_in else None,
        authorized_at=facts.authorized_at if is_authorized else None,
        live_at=facts.live_at if facts.is_live else None,
        synced_at=facts.synced_at,
        ends_at=facts.ends_at,
    )
