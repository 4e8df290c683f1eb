"""What is said of a connection: one pure function of its facts, for every page, mail and file."""

from dataclasses import dataclass, replace
from datetime import datetime

from connect import remedies
from connect.formats import format_time, sentence
from connect.models import (
    WAITS_FOR_CAP,
    WAITS_FOR_END,
    WAITS_FOR_ROOM,
    BlockedKind,
    Condition,
    IncidentKind,
    Stage,
    WaitingOn,
)
from connect.remedies import Remedy
from connect.standing import problems, subscriber
from connect.standing.facts import Facts
from connect.standing.problems import Problem
from connect.standing.words import OF_LIVE, TONES, Tone, Word
from tenants.progress import ForSubscriber

NOT_CONNECTED = remedies.Remedy(
    "Nothing has to be done.", "The portal makes the connection within minutes.", remedies.By.PORTAL
)

# What a block's key ends with where the subscriber reads something else than during the set-up.
_AFTER_SET_UP: dict[Stage | None, str] = {stage: f".{stage}" for stage in subscriber.BLOCKED_AT}


@dataclass(frozen=True)
class Standing:
    """How a connection stands now: the worst of its stage, its condition and its incidents.

    `word` is what its badge and the filters say, `remedy` holds the one right action. `since` is
    never reset by trying. `reason` is "" where the headline says it all. `key` names the state,
    e.g. "blocked.wrong_org": the rows of the table in the documentation.
    """

    key: str
    word: Word
    tone: Tone
    headline: str
    reason: str
    since: datetime | None
    remedy: Remedy
    subscriber: ForSubscriber
    is_healing: bool = False
    snoozed_until: datetime | None = None

    @property
    def label(self) -> str:
        return str(self.word.label)

    @property
    def why(self) -> str:
        """What stands beside the badge: what the badge alone does not say."""
        return self.reason if self.headline == self.label else self.headline


def judge(facts: Facts) -> Standing:
    """Return how a connection with these facts stands."""
    found = _judge(facts)
    return replace(found, snoozed_until=facts.snoozed_until)


def _judge(facts: Facts) -> Standing:
    if facts.stage is None:
        return _plain(facts, "new", Word.NEW, NOT_CONNECTED, subscriber.NEW)
    if facts.blocked:
        return _blocked(facts, facts.blocked)
    if facts.stage == Stage.LIVE:
        return _live(facts)
    return _on_the_way(facts, facts.stage)


def _plain(
    facts: Facts, key: str, word: Word, remedy: Remedy, words: ForSubscriber, reason: str = ""
) -> Standing:
    label = str(word.label)
    return Standing(key, word, TONES[word], label, reason, facts.stage_since, remedy, words)


def _blocked(facts: Facts, kind: BlockedKind) -> Standing:
    return Standing(
        key=f"blocked.{kind}{_AFTER_SET_UP.get(facts.stage, '')}",
        word=Word.BLOCKED,
        tone=Tone.BAD,
        headline=f"Blocked: {kind.label}",
        reason=facts.blocked_reason,
        since=facts.trouble_since,
        remedy=remedies.BLOCKED[kind],
        subscriber=_for_subscriber(facts, kind),
    )


def _for_subscriber(facts: Facts, kind: BlockedKind) -> ForSubscriber:
    if facts.stage == Stage.GRACE:
        return subscriber.in_grace(facts.ends_at, is_paused=False)
    return subscriber.blocked(kind, facts.stage)


# --- on the way to live, and to the end -----------------------------------------------------------


def _on_the_way(facts: Facts, stage: Stage) -> Standing:
    on = facts.waiting_on.label.lower()
    reason = f"Waiting for {facts.waiting_for} ({on})." if facts.waiting_for else ""
    word = Word(stage.value)
    # Once the proof is there, nobody has to approve: the portal only has not gone on yet.
    is_proven = stage == Stage.WAITING_FOR_PROOF and reason and facts.waiting_on == WaitingOn.PORTAL
    remedy = remedies.PROVEN if is_proven else remedies.WAITS[stage]
    found = _plain(facts, f"stage.{stage}", word, remedy, subscriber.WAITS[stage], reason)
    if stage == Stage.GRACE:
        found = _in_grace(facts, found)
    if facts.waiting_on == WaitingOn.STAFF:
        return _for_staff(facts, found, stage)
    if facts.trouble_since:
        return replace(
            found,
            key=f"retrying.{stage}",
            headline=f"Trying again: {stage.label}",
            since=facts.trouble_since,
        )
    if stage == Stage.LOADING and facts.waiting_on == WaitingOn.SUBSCRIBER:
        return _authorize_again(found)
    return found


def _in_grace(facts: Facts, found: Standing) -> Standing:
    is_paused = facts.waiting_for == WAITS_FOR_END
    until = f" until {format_time(facts.ends_at)}" if facts.ends_at else ""
    return replace(
        found,
        headline=f"Off-boarding can be undone{until}",
        reason="Nothing is synchronized." if is_paused else found.reason,
        since=None,  # its end counts
        subscriber=subscriber.in_grace(facts.ends_at, is_paused=is_paused),
    )


def _for_staff(facts: Facts, found: Standing, stage: Stage) -> Standing:
    if stage == Stage.WAITING_FOR_PROOF:
        return replace(found, key="stage.waiting_for_approval", subscriber=subscriber.APPROVAL)
    if facts.waiting_for == WAITS_FOR_CAP:
        capped = replace(found, key="capped", tone=Tone.WAIT, remedy=remedies.CAPPED)
        return replace(capped, subscriber=subscriber.CAPPED)
    if facts.waiting_for.startswith(WAITS_FOR_ROOM):
        full = replace(found, key="no_room", tone=Tone.WAIT, remedy=remedies.NO_ROOM)
        return replace(full, subscriber=subscriber.NO_ROOM)
    # Every other wait for staff is one for a working token.
    token = remedies.INCIDENTS[IncidentKind.TOKEN]
    return replace(found, key=f"token.{stage}", tone=Tone.WAIT, remedy=token)


def _authorize_again(found: Standing) -> Standing:
    word = Word.NEEDS_AUTHORIZATION
    return replace(
        found,
        key="stage.loading_without_authorization",
        word=word,
        tone=TONES[word],
        headline=str(IncidentKind.UNAUTHORIZED.label),
        remedy=remedies.INCIDENTS[IncidentKind.UNAUTHORIZED],
        subscriber=subscriber.AUTHORIZE_AGAIN,
    )


# --- live ----------------------------------------------------------------------------------------


def _live(facts: Facts) -> Standing:
    problem = problems.worst(facts)
    is_paused = facts.paused_until is not None or facts.condition == Condition.PAUSED
    is_worse = problem and OF_LIVE.index(problem.word) > OF_LIVE.index(Word.PAUSED)
    if is_paused and not is_worse:
        return _paused(facts, problem)
    if problem:
        found = _troubled(problem)
        paused = f"{found.reason} {_pause(facts)}."
        return replace(found, reason=paused) if is_paused else found
    if facts.drifted_since:
        return _drifted(facts, facts.drifted_since)
    found = _plain(facts, "live", Word.LIVE, remedies.WAITS[Stage.LIVE], subscriber.LIVE)
    # It went live at that time, but it may have been broken since then.
    return replace(found, since=None)


def _recovering(problem: Problem) -> Standing:
    word = problem.word
    return Standing(
        key=f"live.{word}",
        word=word,
        tone=TONES[word],
        headline=f"{word.label}: {problem.kind.label}",
        reason=problem.text,
        since=problem.since,
        remedy=remedies.RECOVERING,
        subscriber=subscriber.RECOVERING,
    )


def _troubled(problem: Problem) -> Standing:
    kind = problem.kind
    if problem.word == Word.RECOVERING:
        return _recovering(problem)
    return Standing(
        key=f"live.{kind}.{problem.word}",
        word=problem.word,
        tone=TONES[problem.word],
        headline=str(kind.label),
        reason=problem.text,
        since=problem.since,
        remedy=remedies.INCIDENTS[kind],
        subscriber=subscriber.of_incident(kind, problem.word),
        is_healing=problem.is_healing,
    )


def _pause(facts: Facts) -> str:
    by = f" by {facts.paused_by}" if facts.paused_by else ""
    until = f" until {format_time(facts.paused_until)}" if facts.paused_until else ""
    return f"Paused{by}{until}"


def _paused(facts: Facts, problem: Problem | None) -> Standing:
    then = " The portal will resume it at that time." if facts.paused_until else ""
    beside = f" {problem.kind.label}: {problem.text}" if problem else ""
    found = _plain(facts, "live.paused", Word.PAUSED, remedies.PAUSED, subscriber.PAUSED)
    return replace(
        found,
        headline=_pause(facts),
        reason=f"{sentence(facts.pause_note) or 'No reason was given.'}{then}{beside}",
        # A pause that was asked a moment ago is not in the condition yet.
        since=facts.condition_since if facts.condition == Condition.PAUSED else None,
    )


def _drifted(facts: Facts, since: datetime) -> Standing:
    found = _plain(facts, "live.drifted", Word.DRIFTED, remedies.DRIFTED, subscriber.LIVE)
    return replace(
        found,
        headline="Live, but drifted from its version",
        reason="Its mappings at Heroku Connect differ from those of its version.",
        since=since,
    )
