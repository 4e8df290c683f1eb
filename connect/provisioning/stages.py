"""The order of provisioning, as data."""

from connect.models import Stage

NEXT: dict[Stage, Stage] = {
    Stage.WAITING_FOR_PROOF: Stage.CREATING_ADDON,
    Stage.CREATING_ADDON: Stage.LINKING,
    Stage.LINKING: Stage.CONFIGURING_DATABASE,
    Stage.CONFIGURING_DATABASE: Stage.WAITING_FOR_CONSENT,
    Stage.WAITING_FOR_CONSENT: Stage.PUBLISHING_LINK,
    Stage.PUBLISHING_LINK: Stage.WAITING_FOR_AUTHORIZATION,
    Stage.WAITING_FOR_AUTHORIZATION: Stage.IMPORTING_MAPPINGS,
    Stage.IMPORTING_MAPPINGS: Stage.LOADING,
    Stage.LOADING: Stage.LIVE,
    Stage.OFFBOARDING: Stage.OFFBOARDED,
}

# Besides the order above: a lost grant asks for consent again, staff import or off-board.
_DETOURS: dict[Stage, set[Stage]] = {
    Stage.PUBLISHING_LINK: {Stage.WAITING_FOR_CONSENT},
    Stage.IMPORTING_MAPPINGS: {Stage.IMPORTING_MAPPINGS},
    Stage.LOADING: {Stage.IMPORTING_MAPPINGS},
    Stage.LIVE: {Stage.IMPORTING_MAPPINGS},
}


class IllegalMove(Exception):
    """A connection cannot go from the one stage to the other."""


def check_move(now: Stage, then: Stage) -> None:
    """Raise IllegalMove unless a connection may go from `now` to `then`."""
    if then == NEXT.get(now) or then in _DETOURS.get(now, set()):
        return
    if then == Stage.OFFBOARDING and now not in (Stage.OFFBOARDING, Stage.OFFBOARDED):
        return
    raise IllegalMove(f"from {now.label!r} to {then.label!r}")
