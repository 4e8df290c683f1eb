"""The entries of the runbook: the words, joined with the remedies, the healing and the pages."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from django.db.models import TextChoices

from connect import remedies
from connect.formats import format_duration
from connect.health import healing
from connect.health.lifecycle import CLOSE_AFTER
from connect.models import COMMON, BlockedKind, Condition, IncidentKind, RepairResult, Stage
from connect.provisioning.reminders import REMINDERS
from connect.remedies import Remedy
from connect.runbook import repairs, words
from connect.standing import Facts, Standing, judge, subscriber
from connect.standing.states import NOW, ONLY_IN_ROLLOUTS
from tenants.progress import ForSubscriber

_NOT_SHOWN = "Nothing of it: their page says how their connection stands."
_DOES = {
    "reauthorize": "It mails the admin a link to authorize again",
    "sign_in": "It mails the admin a link to sign in again",
    healing.RESTART: "It restarts what is affected",
    "link": "It links the connection again",
}
_WATCHES = (
    "It alerts staff once, looks again every few minutes, and closes the incident when the cause "
    "is gone."
)
_STOPS = "It stops, because another try would fail again, and sends staff one e-mail."
_LEAVES_OUT = "The roll-out leaves this tenant out and continues with the others."
_TRIES = "It does this by itself, and tries again with growing pauses if a peer does not answer."
_LOOKS = "It reads the state every five minutes, and opens an incident for what lasts."
_WAITING = (Stage.WAITING_FOR_CONSENT, Stage.WAITING_FOR_AUTHORIZATION)
_DONE = {
    Stage.WAITING_FOR_PROOF: "It mails the admin a sign-in link: the sign-in is a proof.",
    Stage.LIVE: _LOOKS,
    Stage.GRACE: "It pauses the connection at Heroku Connect, and off-boards it at the end.",
    Stage.OFFBOARDED: "Nothing.",
}


@dataclass(frozen=True)
class Entry:
    """One reason. All fields but `remedy` are sentences; `anchor` is its address in the page."""

    anchor: str
    title: str
    means: str
    portal: str
    remedy: Remedy
    subscriber: str
    ask: str

    @property
    def press(self) -> str:
        """What staff do, with the role that it needs."""
        return self.remedy.in_words


@dataclass(frozen=True)
class Chapter:
    """The entries of one kind."""

    title: str
    entries: tuple[Entry, ...]


def anchor_of(seen: Standing) -> str:
    """Return the address of the entry that explains how a connection stands."""
    kind, _, rest = seen.key.partition(".")
    name = rest.partition(".")[0]
    if seen.key in _OF_KEYS:
        return _OF_KEYS[seen.key]
    if kind == "live":
        return f"incident-{name}"
    if kind == "token":
        return remedies.entry_of(IncidentKind.TOKEN)
    return f"{'blocked' if kind == 'blocked' else 'stage'}-{name}"


@cache
def entries() -> dict[str, Entry]:
    """Return every entry by its anchor."""
    return {each.anchor: each for chapter in chapters() for each in chapter.entries}


def chapters() -> list[Chapter]:
    """Return the whole runbook."""
    return [
        Chapter("Blocked: a person has to act", tuple(map(_of_block, BlockedKind))),
        Chapter("Incidents: something lasts", tuple(map(_of_incident, IncidentKind))),
        Chapter("Stages: on the way, and at the end", tuple(map(_of_stage, Stage))),
        Chapter("Conditions: how a live connection does", tuple(map(_of_condition, Condition))),
        Chapter("Waiting for something else", tuple(_others())),
        Chapter("Writes that were sent again", tuple(map(_of_repair, RepairResult))),
    ]


def _of_incident(kind: IncidentKind) -> Entry:
    seen = _NOT_SHOWN if kind in COMMON else _said(subscriber.INCIDENTS[kind])
    remedy = remedies.INCIDENTS[kind]
    return _entry(kind, words.INCIDENTS[kind], _heals(kind), remedy, seen)


def _heals(kind: IncidentKind) -> str:
    found = healing.REMEDIES.get(kind)
    if found is None:
        return _WATCHES
    times = _listed(format_duration(each) for each in found.schedule.pauses if each)
    return f"{_DOES[found.name]}, at once and again after {times}. Then it asks for a person."


def _listed(texts: Iterable[str]) -> str:
    *first, last = texts
    return f"{', '.join(first)} and {last}" if first else last


def _of_block(kind: BlockedKind) -> Entry:
    if kind in ONLY_IN_ROLLOUTS:
        remedy = remedies.of_rollout_item(kind)
        return _entry(kind, words.BLOCKED[kind], _LEAVES_OUT, remedy, _NOT_SHOWN)
    seen = _said(subscriber.BLOCKED[kind])
    return _entry(kind, words.BLOCKED[kind], _STOPS, remedies.BLOCKED[kind], seen)


def _of_stage(stage: Stage) -> Entry:
    does = _reminds() if stage in _WAITING else _DONE.get(stage, _TRIES)
    seen = _said(subscriber.WAITS[stage])
    return _entry(stage, words.STAGES[stage], does, remedies.WAITS[stage], seen)


def _reminds() -> str:
    days = _listed(str(each.days) for each in REMINDERS)
    return f"It reminds the admin by e-mail after {days} days, and looks for the answer."


def _of_condition(condition: Condition) -> Entry:
    found = judge(Facts(Stage.LIVE, NOW, condition=condition, seen=True))
    return _entry(
        condition, words.CONDITIONS[condition], _LOOKS, found.remedy, _said(found.subscriber)
    )


def _of_repair(result: RepairResult) -> Entry:
    said = repairs.RESULTS[result]
    title, name = str(result.label), f"repair-{result.name.lower()}"
    return Entry(name, title, said.means, said.portal, said.remedy, _NOT_SHOWN, said.ask)


def _others() -> Iterator[Entry]:
    yield Entry(
        "waits-cap",
        "Today's new add-ons are used up",
        "More tenants have registered today than NEW_ADDONS_PER_DAY allows.",
        "It continues at midnight (UTC) by itself.",
        remedies.CAPPED,
        _said(subscriber.CAPPED),
        "A Manager, whether the new tenants are genuine.",
    )
    yield Entry(
        "waits-room",
        "No host app has room",
        "Every host app is full, closed, or has no ready database.",
        "It continues by itself as soon as a host app has room.",
        remedies.NO_ROOM,
        _said(subscriber.NO_ROOM),
        "A Manager, for another host app or account.",
    )
    yield Entry(
        "live-drifted",
        "Drifted from its version",
        "The mappings at Heroku Connect are not those of the tenant's version: somebody has "
        "changed them there, or in the org.",
        "It compares again by itself, and changes nothing.",
        remedies.DRIFTED,
        _said(subscriber.LIVE),
        "The colleague who changed them in Heroku's dashboard.",
    )
    yield Entry(
        "live-recovering",
        "Recovering",
        "The cause of an incident was absent at the last looks.",
        f"It watches for {format_duration(CLOSE_AFTER)} and then closes the incident.",
        remedies.RECOVERING,
        _said(subscriber.RECOVERING),
        "Nobody.",
    )


def _entry(choice: TextChoices, said: words.Words, does: str, remedy: Remedy, seen: str) -> Entry:
    title = str(choice.label)
    return Entry(remedies.entry_of(choice), title, said.means, does, remedy, seen, said.ask)


def _said(seen: ForSubscriber) -> str:
    button = f" Their button: {seen.button.label}." if seen.button.label else ""
    return f"“{seen.headline}.” {seen.text}{button}"


# Those that are not named for one reason.
_OF_KEYS = {
    "new": "stage-waiting_for_proof",
    "capped": "waits-cap",
    "no_room": "waits-room",
    "live": "stage-live",
    "live.paused": "condition-paused",
    "live.drifted": "live-drifted",
    "live.recovering": "live-recovering",
    "stage.waiting_for_approval": "stage-waiting_for_proof",
    "stage.loading_without_authorization": "incident-unauthorized",
}
