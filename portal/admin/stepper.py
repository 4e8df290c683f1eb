"""A tenant's way as a row of steps."""

from dataclasses import dataclass

from connect.models import Connection, Stage

_PROVISIONING: dict[Stage, str] = {
    Stage.WAITING_FOR_PROOF: "Proof",
    Stage.CREATING_ADDON: "Add-on",
    Stage.LINKING: "Link",
    Stage.CONFIGURING_DATABASE: "Database",
    Stage.WAITING_FOR_CONSENT: "Sign-in",
    Stage.PUBLISHING_LINK: "Publish",
    Stage.WAITING_FOR_AUTHORIZATION: "Authorize",
    Stage.IMPORTING_MAPPINGS: "Mappings",
    Stage.LOADING: "Data",
    Stage.LIVE: "Live",
}
_ENDING: dict[Stage, str] = {Stage.OFFBOARDING: "Off-boarding", Stage.OFFBOARDED: "Off-boarded"}
_RESTING = (Stage.LIVE, Stage.OFFBOARDED)


@dataclass(frozen=True)
class Step:
    """One step; `state` is done, now, blocked or todo."""

    label: str
    state: str
    in_words: str


def steps(connection: Connection) -> list[Step]:
    """Return the steps of provisioning, or those of off-boarding once it has begun."""
    way = _ENDING if connection.stage in _ENDING else _PROVISIONING
    here = list(way).index(Stage(connection.stage))
    return [
        Step(label, state := _state(connection, number, here), _IN_WORDS[state])
        for number, label in enumerate(way.values())
    ]


_IN_WORDS = {"done": "done", "now": "in progress", "blocked": "blocked", "todo": "to do"}


def _state(connection: Connection, number: int, here: int) -> str:
    if number != here:
        return "done" if number < here else "todo"
    if connection.blocked_at:
        return "blocked"
    return "done" if connection.stage in _RESTING else "now"
