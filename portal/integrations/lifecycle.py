"""Which events follow when a tenant stands differently from what the webhooks were told last.

`broken` and `healed` come from the word of the badge that staff see. Words in between, such as
“Recovering” or “Unknown”, decide nothing: what was told last stays true.
"""

from dataclasses import dataclass

from connect.standing import TONES, Tone, Word
from portal.integrations.models import LifecycleKind

# Nobody has shown yet that the registration comes from that org.
UNPROVEN = (Word.NEW, Word.WAITING_FOR_PROOF)
WELL = (Word.LIVE, Word.DRIFTED)
UNDECIDED = (Word.RECOVERING, Word.DEGRADED, Word.UNKNOWN, Word.PAUSED)
ENDING = (Word.GRACE, Word.RESUMING, Word.OFFBOARDING)


@dataclass(frozen=True)
class Told:
    """What the webhooks were told last; "" is nothing. `was_live`: since the registration."""

    last: str = ""
    was_live: bool = False


def follow(told: Told, word: Word) -> list[LifecycleKind]:
    """Return the events that follow from what was told to how the tenant stands, in order."""
    is_new = told.last in ("", LifecycleKind.OFFBOARDED)
    if word in UNPROVEN or (is_new and word == Word.OFFBOARDED):
        return []
    if is_new:
        return [LifecycleKind.REGISTERED, *_follow(Told(LifecycleKind.REGISTERED), word)]
    return _follow(told, word)


def _follow(told: Told, word: Word) -> list[LifecycleKind]:
    if word == Word.OFFBOARDED:
        return [LifecycleKind.OFFBOARDED]
    was_broken = told.last == LifecycleKind.BROKEN
    if TONES[word] == Tone.BAD:
        return [] if was_broken else [LifecycleKind.BROKEN]
    healed = [LifecycleKind.HEALED] if was_broken and _is_over(told, word) else []
    live = [LifecycleKind.LIVE] if word in WELL and not told.was_live else []
    return healed + live


def _is_over(told: Told, word: Word) -> bool:
    """Return whether what was broken is well again. During the set-up, going on is enough."""
    return word in WELL or not (told.was_live or word in UNDECIDED or word in ENDING)


def after(told: Told, kind: LifecycleKind) -> Told:
    """Return what is told once an event is written."""
    was_live = kind == LifecycleKind.LIVE or (
        told.was_live and kind not in (LifecycleKind.REGISTERED, LifecycleKind.OFFBOARDED)
    )
    return Told(kind, was_live)
