"""The same for the subscriber: what is wrong, and what they can do."""

from datetime import UTC, datetime

from connect.models import BlockedKind, IncidentKind, Stage
from connect.standing.words import Word
from tenants.progress import LINK_ENDED, Button, ForSubscriber

_WE_WORK = "Our team knows about it and is working on it. You do not have to do anything."
_IN_STEPS = "This takes a few minutes. You do not have to do anything."
SETTING_UP = ForSubscriber("We are setting up your connection", _IN_STEPS)
_STOPPED = ForSubscriber("Synchronization has stopped", _WE_WORK)
_PARTLY = ForSubscriber("A part of your data is not up to date", _WE_WORK)
_UNSEEN = ForSubscriber("We cannot see your connection at the moment", _WE_WORK)
_HELD_UP = ForSubscriber("Setting up your connection has stopped", _WE_WORK)
SIGN_IN = ForSubscriber(
    "Please sign in to Salesforce",
    "We need your consent before we can connect your org.",
    Button.SIGN_IN,
)
SIGN_IN_AGAIN = ForSubscriber(
    "Please sign in to Salesforce again",
    "Salesforce no longer accepts our access to your org. We continue when you have signed in.",
    Button.SIGN_IN,
)
AUTHORIZE_AGAIN = ForSubscriber(
    "Synchronization has stopped: please authorize it again",
    "Salesforce no longer accepts your authorization. No data is lost; synchronization "
    "continues when you have authorized it again.",
    Button.AUTHORIZE,
)
_OTHER_ORG = (
    "Somebody signed in to another org than yours. Our team makes a new connection; you get an "
    "e-mail with a new link. Please sign in to your own org then."
)
_NO_PACKAGE = "Our package does not answer in your org. Please install it again, or tell us."
_LOCKED = ForSubscriber(
    "Synchronization has stopped: your org is locked",
    "Salesforce reports that your org is inactive or locked. Please ask Salesforce to unlock it.",
    Button.CONTACT,
)

NEW = ForSubscriber("We have received your registration", _IN_STEPS)
APPROVAL = ForSubscriber(
    "We are checking your registration", "We write to you when it is approved."
)
CAPPED = ForSubscriber(
    "Your connection waits for its turn",
    "Many orgs have registered today. We set up yours within a day. You do not have to do "
    "anything.",
)
NO_ROOM = ForSubscriber(
    "Your connection waits for its turn",
    "We are making room for more connections. You do not have to do anything.",
)
LIVE = ForSubscriber("You are live", "Your data is synchronized. There is nothing left to do.")
RECOVERING = ForSubscriber(
    "Your connection is recovering",
    "It works again. We watch it for some minutes before we say that all is well. You do not have "
    "to do anything.",
)
_ENDS_SOON = "Your connection is about to be ended"
PAUSED = ForSubscriber(
    "Synchronization is paused",
    "We have paused it for a while. No data is lost. You do not have to do anything.",
)

WAITS: dict[Stage, ForSubscriber] = {
    **dict.fromkeys(Stage, SETTING_UP),
    Stage.WAITING_FOR_PROOF: SIGN_IN,
    Stage.WAITING_FOR_CONSENT: SIGN_IN,
    Stage.WAITING_FOR_AUTHORIZATION: ForSubscriber(
        "Please authorize the data connection",
        "Sign in to your own org and allow the access. Then your data is loaded.",
        Button.AUTHORIZE,
    ),
    Stage.LOADING: ForSubscriber(
        "Your data is being loaded", "You do not have to do anything. We write when it is done."
    ),
    Stage.LIVE: LIVE,
    Stage.RESUMING: ForSubscriber("Your connection is being resumed", _IN_STEPS),
    Stage.GRACE: ForSubscriber(
        _ENDS_SOON,
        "Its synchronization is paused until it is ended. If this is a mistake, please tell us.",
        Button.CONTACT,
    ),
    Stage.OFFBOARDING: ForSubscriber(
        "Your connection is being ended", "You do not have to do anything."
    ),
    # The links of an org that has left open no page of its own.
    Stage.OFFBOARDED: LINK_ENDED,
}
BLOCKED: dict[BlockedKind, ForSubscriber] = {
    **dict.fromkeys(BlockedKind, _HELD_UP),
    BlockedKind.WRONG_ORG: ForSubscriber("Another org was connected", _OTHER_ORG),
    BlockedKind.AUTHORIZATION_LOST: AUTHORIZE_AGAIN,
    BlockedKind.ORG_INACTIVE: _LOCKED,
    BlockedKind.NO_PACKAGE: ForSubscriber(
        "The package is missing in your org", _NO_PACKAGE, Button.CONTACT
    ),
}
# Where nothing is set up any more, the words for a block during the set-up would be wrong.
BLOCKED_AT = {
    Stage.LIVE: _STOPPED,
    Stage.RESUMING: _STOPPED,
    Stage.GRACE: WAITS[Stage.GRACE],
    Stage.OFFBOARDING: WAITS[Stage.OFFBOARDING],
}
INCIDENTS: dict[IncidentKind, ForSubscriber] = {
    **dict.fromkeys(IncidentKind, _STOPPED),
    IncidentKind.UNAUTHORIZED: AUTHORIZE_AGAIN,
    IncidentKind.INACTIVE_ORG: _LOCKED,
    IncidentKind.WRONG_ORG: ForSubscriber("Another org is connected", _OTHER_ORG),
    IncidentKind.UNINSTALLED: ForSubscriber(
        "Our package may be missing in your org", _NO_PACKAGE, Button.CONTACT
    ),
    IncidentKind.GRANT_LOST: ForSubscriber(
        "Please sign in to Salesforce again",
        "Your data is still synchronized, but Salesforce no longer accepts our access to your org.",
        Button.SIGN_IN,
    ),
    **dict.fromkeys(
        (IncidentKind.MAPPING, IncidentKind.STUCK_WRITES, IncidentKind.WRITE_ERRORS), _PARTLY
    ),
    **dict.fromkeys(
        (
            IncidentKind.UNSEEN,
            IncidentKind.STRANGE_STATE,
            IncidentKind.REGION,
            IncidentKind.TOKEN,
        ),
        _UNSEEN,
    ),
}


def missing_access(username: str, missing: list[str]) -> ForSubscriber | None:
    """Return what is said to a user who may not decide for the org, None to one who may."""
    if not missing:
        return None
    text = (
        f"The user lacks {'; '.join(missing)}. Give the user what is missing, in Salesforce: we "
        "look again every ten minutes. Or sign in with another user."
    )
    return ForSubscriber(f"{username} may not decide for your org", text, Button.SIGN_IN)


def of_incident(kind: IncidentKind, word: Word) -> ForSubscriber:
    """Return what is said of a problem: if all is broken, it is not only a part of the data."""
    words = INCIDENTS[kind]
    return _STOPPED if words == _PARTLY and word == Word.BROKEN else words


def in_grace(ends_at: datetime | None, *, is_paused: bool) -> ForSubscriber:
    """Return what is said before the end of a connection, which can still be undone."""
    if ends_at is None:
        return WAITS[Stage.GRACE]
    until = f"{ends_at.astimezone(UTC):%-d %B %Y, %H:%M} UTC"
    paused = "paused" if is_paused else "being paused"
    text = (
        f"Its synchronization is {paused}. On {until} it is ended. If this is a mistake, please "
        "tell us before then: we can still undo it."
    )
    return ForSubscriber(_ENDS_SOON, text, Button.CONTACT)


def blocked(kind: BlockedKind, stage: Stage | None) -> ForSubscriber:
    """Return what is said of a block at a stage."""
    words = BLOCKED[kind]
    return BLOCKED_AT.get(stage, words) if stage and words == _HELD_UP else words
