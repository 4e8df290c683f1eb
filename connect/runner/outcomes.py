"""What a step of provisioning can answer. A remote error is raised, everything else is returned."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from connect.models import WaitingOn
from tenants.models import EventKind

Facts = dict[str, Any]  # values for fields of connect.models.Connection


@dataclass(frozen=True)
class Done:
    """The stage is complete: go on to the next one."""

    text: str
    facts: Facts = field(default_factory=dict)
    kind: EventKind = EventKind.STAGE


@dataclass(frozen=True)
class Wait:
    """Nothing to do until then. `until=None`: only an event from outside moves the connection on.

    `why` completes the sentence "Waiting for …". After `patience` in this stage staff are told.
    """

    until: datetime | None
    why: str
    on: WaitingOn
    patience: timedelta | None = None
    facts: Facts = field(default_factory=dict)


Outcome = Done | Wait


class Blocked(Exception):
    """Nothing the portal can do alone. The text is for staff: what is wrong and what to do."""
