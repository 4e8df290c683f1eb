"""Which events follow when a tenant stands differently from what its last event says.

`broken` and `healed` come from the word of the badge that staff see. Words in between, such as
“Recovering” or “Unknown”, decide nothing: the last event stays true.
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
class Sent:
    """A tenant's last event; "" is none. `was_live`: it was live since it registered."""

    last: str = ""
    was_live: bool = False


def follow(sent: Sent, word: Word) -> list[LifecycleKind]:
    """Return the events that follow from the last one and from how the tenant stands, in order."""
    is_new = sent.last in ("", LifecycleKind.OFFBOARDED)
    if word in UNPROVEN or (is_new and word == Word.OFFBOARDED):
        return []
    if is_new:
        return [LifecycleKind.REGISTERED, *_follow(Sent(LifecycleKind.REGISTERED), word)]
    return _follow(sent, word)


def _follow(sent: Sent, word: Word) -> list[LifecycleKind]:
    if word == Word.OFFBOARDED:
        return [LifecycleKind.OFFBOARDED]
    was_broken = sent.last == LifecycleKind.BROKEN
    if TONES[word] == Tone.BAD:
        return [] if was_broken else [LifecycleKind.BROKEN]
    healed = [LifecycleKind.HEALED] if was_broken and _is_over(sent, word) else []
    live = [LifecycleKind.LIVE] if word in WELL and not sent.was_live else []
    return healed + live


def _is_over(sent: Sent, word: Word) -> bool:
    """Return whether what was broken is well again. During the set-up, going on is enough."""
    return word in WELL or not (sent.was_live or word in UNDECIDED or word in ENDING)


def after(sent: Sent, kind: LifecycleKind) -> Sent:
    """Return what is known after one more event."""
    was_live = kind == LifecycleKind.LIVE or (
        sent.was_live and kind not in (LifecycleKind.REGISTERED, LifecycleKind.OFFBOARDED)
    )
    return Sent(kind, was_live)
