"""The one right action for each reason: blocks, incidents, stages that wait. Tables of data."""

from connect.remedies.blocked import BLOCKED, of_rollout_item
from connect.remedies.entry import entry_of, line_to
from connect.remedies.helping import refusal_to_restart, refusal_to_retry, refusal_to_retry_wait
from connect.remedies.incidents import INCIDENTS, OVER, SUSPECTED, of_incident
from connect.remedies.remedy import By, Page, Remedy
from connect.remedies.waits import CAPPED, DRIFTED, NO_ROOM, PAUSED, PROVEN, RECOVERING, WAITS

__all__ = [
    "BLOCKED",
    "CAPPED",
    "DRIFTED",
    "INCIDENTS",
    "NO_ROOM",
    "OVER",
    "PAUSED",
    "PROVEN",
    "RECOVERING",
    "SUSPECTED",
    "WAITS",
    "By",
    "Page",
    "Remedy",
    "entry_of",
    "line_to",
    "of_incident",
    "of_rollout_item",
    "refusal_to_restart",
    "refusal_to_retry",
    "refusal_to_retry_wait",
]
