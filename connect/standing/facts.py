"""The facts from which everything that is said of a connection follows."""

from dataclasses import dataclass, replace
from datetime import datetime

from connect.models import BlockedKind, Condition, IncidentKind, Stage, WaitingOn

KNOWN_TO_STAFF = "The reason is known to staff."


@dataclass(frozen=True)
class OpenIncident:
    """An incident of a connection, its region, or Heroku as a whole, which is open or suspected.

    `since` is the beginning of the trouble, before the incident opened. `well_since`: its cause has
    been absent since then, and it closes soon if it stays so.
    """

    kind: IncidentKind
    text: str
    since: datetime
    needs_person: bool = False
    well_since: datetime | None = None


@dataclass(frozen=True)
class Facts:
    """What is known of a connection now. Times are UTC.

    `stage` None: there is no connection yet. `blocked` None with `trouble_since`: a retry is being
    made. `condition` is the one now and counts only for a live connection; `seen` is False if it
    is unknown because the connection could not be seen. `ends_at` counts only in the grace period.
    `suspected` incidents are not shown; they only say since when the condition is what it is.
    """

    stage: Stage | None
    stage_since: datetime
    waiting_on: WaitingOn = WaitingOn.PORTAL
    waiting_for: str = ""
    blocked: BlockedKind | None = None
    blocked_reason: str = ""
    trouble_since: datetime | None = None
    state: str = ""
    condition: Condition = Condition.HEALTHY
    condition_reason: str = ""
    condition_since: datetime | None = None
    seen: bool = True
    incidents: tuple[OpenIncident, ...] = ()
    suspected: tuple[OpenIncident, ...] = ()
    ends_at: datetime | None = None
    paused_until: datetime | None = None
    pause_note: str = ""
    paused_by: str = ""
    snoozed_until: datetime | None = None
    drifted_since: datetime | None = None
    failed_writes: int = 0
    synced_at: datetime | None = None

    def for_outside(self) -> "Facts":
        """Return the facts without the name of a member of staff and what it has typed."""
        note = KNOWN_TO_STAFF if self.pause_note else ""
        return replace(self, paused_by="", pause_note=note)
