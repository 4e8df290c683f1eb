"""What can come out of a step: it returns Done or Wait; errors become Block, Retry or TokenRefused.

A step raises `Blocked` or any error of a peer; `retry.judge` turns those into the last three.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from connect.clients import http
from connect.models import BlockedKind, WaitingOn
from tenants.models import EventKind

Facts = dict[str, Any]  # values for fields of the row that is worked on


class Blocked(Exception):
    """A person has to act. `kind` names the one remedy; the text tells staff what is wrong."""

    def __init__(self, kind: BlockedKind, text: str) -> None:
        super().__init__(text)
        self.kind = kind


@dataclass(frozen=True)
class Done:
    """The step is complete. `then` is the next one if it is not the next in the order."""

    text: str
    facts: Facts = field(default_factory=dict)
    kind: EventKind = EventKind.STAGE
    then: str = ""


@dataclass(frozen=True)
class Wait:
    """Nothing to do until then. `until=None`: only an event from outside moves it on.

    `reason` completes the sentence "Waiting for …". After `patience` in this step it is blocked.
    """

    until: datetime | None
    reason: str
    waiting_on: WaitingOn
    patience: timedelta | None = None
    facts: Facts = field(default_factory=dict)


@dataclass(frozen=True)
class Block:
    """A person has to act. `request_id` is the peer's, "" if no peer was asked."""

    kind: BlockedKind
    reason: str
    request_id: str = ""


@dataclass(frozen=True)
class Retry:
    """A failure that may pass: try again later, not sooner than `after`."""

    reason: str
    request_id: str = ""
    after: timedelta | None = None


@dataclass(frozen=True)
class TokenRefused:
    """Heroku refuses the portal's own token, so no tenant can go on. No fault of this one."""

    error: http.Unauthorized


StepOutcome = Done | Wait
Failure = Block | Retry | TokenRefused
