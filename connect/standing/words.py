"""The words of a connection's badge. Filters of lists use the same words."""

from enum import StrEnum

from django.db import models

from connect.models import Condition, Stage


class Tone(StrEnum):
    """The colour of a badge."""

    GOOD = "good"
    BUSY = "busy"
    WAIT = "wait"
    BAD = "bad"
    MUTED = "muted"


class Word(models.TextChoices):
    """What a badge says, from the first callout to the end. A connection has one word at a time."""

    NEW = "new", "New"
    WAITING_FOR_PROOF = Stage.WAITING_FOR_PROOF.value, Stage.WAITING_FOR_PROOF.label
    CREATING_ADDON = Stage.CREATING_ADDON.value, Stage.CREATING_ADDON.label
    LINKING = Stage.LINKING.value, Stage.LINKING.label
    CONFIGURING_DATABASE = Stage.CONFIGURING_DATABASE.value, Stage.CONFIGURING_DATABASE.label
    WAITING_FOR_CONSENT = Stage.WAITING_FOR_CONSENT.value, Stage.WAITING_FOR_CONSENT.label
    PUBLISHING_LINK = Stage.PUBLISHING_LINK.value, Stage.PUBLISHING_LINK.label
    WAITING_FOR_AUTHORIZATION = (
        Stage.WAITING_FOR_AUTHORIZATION.value,
        Stage.WAITING_FOR_AUTHORIZATION.label,
    )
    IMPORTING_MAPPINGS = Stage.IMPORTING_MAPPINGS.value, Stage.IMPORTING_MAPPINGS.label
    LOADING = Stage.LOADING.value, Stage.LOADING.label
    LIVE = Stage.LIVE.value, Stage.LIVE.label
    DRIFTED = "drifted", "Drifted"
    RECOVERING = "recovering", "Recovering"
    PAUSED = Condition.PAUSED.value, Condition.PAUSED.label
    DEGRADED = Condition.DEGRADED.value, Condition.DEGRADED.label
    UNKNOWN = Condition.UNKNOWN.value, Condition.UNKNOWN.label
    BROKEN = Condition.BROKEN.value, Condition.BROKEN.label
    NEEDS_AUTHORIZATION = (
        Condition.NEEDS_AUTHORIZATION.value,
        Condition.NEEDS_AUTHORIZATION.label,
    )
    BLOCKED = "blocked", "Blocked"
    RESUMING = Stage.RESUMING.value, Stage.RESUMING.label
    GRACE = Stage.GRACE.value, Stage.GRACE.label
    OFFBOARDING = Stage.OFFBOARDING.value, Stage.OFFBOARDING.label
    OFFBOARDED = Stage.OFFBOARDED.value, Stage.OFFBOARDED.label


# The words of a connection at the stage "live", from best to worst: the worst one wins.
OF_LIVE = (
    Word.LIVE,
    Word.DRIFTED,
    Word.RECOVERING,
    *(Word(each.value) for each in Condition if each.value in Word.values),
)
OF_CONDITION: dict[Condition, Word] = {
    Condition.HEALTHY: Word.LIVE,
    Condition.WORKING: Word.LIVE,
    **{each: Word(each.value) for each in Condition if each.value in Word.values},
}
TONES: dict[Word, Tone] = {
    **dict.fromkeys(Word, Tone.BUSY),
    Word.WAITING_FOR_PROOF: Tone.WAIT,
    Word.WAITING_FOR_CONSENT: Tone.WAIT,
    Word.WAITING_FOR_AUTHORIZATION: Tone.WAIT,
    Word.LIVE: Tone.GOOD,
    Word.DRIFTED: Tone.WAIT,
    Word.PAUSED: Tone.MUTED,
    Word.DEGRADED: Tone.WAIT,
    Word.UNKNOWN: Tone.WAIT,
    Word.BROKEN: Tone.BAD,
    Word.NEEDS_AUTHORIZATION: Tone.BAD,
    Word.BLOCKED: Tone.BAD,
    Word.NEW: Tone.MUTED,
    Word.GRACE: Tone.MUTED,
    Word.OFFBOARDED: Tone.MUTED,
}
