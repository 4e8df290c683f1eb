"""What is said of a connection follows from its facts: the worst of them wins."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connect import remedies, standing
from connect.models import (
    COMMON,
    WAITS_FOR_CAP,
    WAITS_FOR_ROOM,
    BlockedKind,
    Condition,
    IncidentKind,
    Stage,
    WaitingOn,
)
from connect.remedies import Page
from connect.standing import Button, Facts, OpenIncident, Tone, Word, judge
from connect.standing.states import ONLY_IN_ROLLOUTS

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
EARLIER = NOW - timedelta(days=1)
LIVE = Facts(Stage.LIVE, EARLIER)
K = IncidentKind


def incident(kind: IncidentKind, *, needs_person: bool = False) -> OpenIncident:
    return OpenIncident(kind, f"It is {kind}.", NOW, needs_person)


@pytest.mark.parametrize(
    ("facts", "word", "tone"),
    [
        (Facts(None, NOW), Word.NEW, Tone.MUTED),
        (Facts(Stage.LINKING, NOW), Word.LINKING, Tone.BUSY),
        (Facts(Stage.WAITING_FOR_CONSENT, NOW), Word.WAITING_FOR_CONSENT, Tone.WAIT),
        (Facts(Stage.LINKING, NOW, blocked=BlockedKind.PAYMENT), Word.BLOCKED, Tone.BAD),
        (LIVE, Word.LIVE, Tone.GOOD),
        (replace(LIVE, condition=Condition.WORKING), Word.LIVE, Tone.GOOD),
        (replace(LIVE, drifted_since=NOW), Word.DRIFTED, Tone.WAIT),
        (replace(LIVE, paused_until=NOW), Word.PAUSED, Tone.MUTED),
        (replace(LIVE, condition=Condition.PAUSED, drifted_since=NOW), Word.PAUSED, Tone.MUTED),
        (replace(LIVE, failed_writes=1), Word.DEGRADED, Tone.WAIT),
        (replace(LIVE, condition=Condition.DEGRADED), Word.DEGRADED, Tone.WAIT),
        (replace(LIVE, condition=Condition.UNKNOWN), Word.UNKNOWN, Tone.WAIT),
        (replace(LIVE, incidents=(incident(K.TOO_MANY_ROWS),)), Word.BROKEN, Tone.BAD),
        (replace(LIVE, incidents=(incident(K.REGION),)), Word.UNKNOWN, Tone.WAIT),
        (
            replace(LIVE, condition=Condition.BROKEN, incidents=(incident(K.MAPPING),)),
            Word.BROKEN,
            Tone.BAD,
        ),
        (
            replace(LIVE, incidents=(incident(K.WRITE_ERRORS), incident(K.UNAUTHORIZED))),
            Word.NEEDS_AUTHORIZATION,
            Tone.BAD,
        ),
        (Facts(Stage.LOADING, NOW), Word.LOADING, Tone.BUSY),
        (
            Facts(Stage.LOADING, NOW, WaitingOn.SUBSCRIBER),
            Word.NEEDS_AUTHORIZATION,
            Tone.BAD,
        ),
        (Facts(Stage.GRACE, NOW, ends_at=NOW), Word.GRACE, Tone.MUTED),
        (Facts(Stage.OFFBOARDED, NOW), Word.OFFBOARDED, Tone.MUTED),
    ],
)
def test_the_worst_wins(facts: Facts, word: Word, tone: Tone) -> None:
    seen = judge(facts)
    assert (seen.word, seen.tone, seen.label) == (word, tone, word.label)


def test_the_reason_and_the_time_are_those_of_the_worst() -> None:
    facts = replace(LIVE, incidents=(incident(K.WRITE_ERRORS), incident(K.TOO_MANY_ROWS)))
    seen = judge(facts)
    assert seen.headline == "Row limit passed"
    assert (seen.reason, seen.since) == ("It is too_many_rows.", NOW)
    assert seen.remedy == remedies.INCIDENTS[K.TOO_MANY_ROWS]


def test_a_state_without_an_incident_yet_follows_from_its_condition() -> None:
    facts = replace(LIVE, state="TOO_MANY_ROWS", condition=Condition.BROKEN)
    assert judge(facts).remedy.page == Page.HEROKU_ADDONS
    assert judge(replace(facts, state="IDLE")).remedy.page == Page.MAPPINGS


def test_who_waits_for_the_daily_cap_is_not_sent_to_the_token() -> None:
    seen = judge(Facts(Stage.CREATING_ADDON, NOW, WaitingOn.STAFF, WAITS_FOR_CAP))
    assert (seen.remedy, seen.tone) == (remedies.CAPPED, Tone.WAIT)
    assert "few minutes" not in seen.subscriber.text
    token = judge(Facts(Stage.CREATING_ADDON, NOW, WaitingOn.STAFF, "a working Heroku token"))
    assert token.remedy == remedies.INCIDENTS[K.TOKEN]


def test_who_waits_for_room_is_sent_to_the_host_apps() -> None:
    reason = f"{WAITS_FOR_ROOM}: isv-connect-1 is full. Add a host app, or open one"
    seen = judge(Facts(Stage.CREATING_ADDON, NOW, WaitingOn.STAFF, reason))
    assert (seen.remedy, seen.tone) == (remedies.NO_ROOM, Tone.WAIT)
    assert "isv-connect-1 is full" in seen.reason
    assert "isv-connect-1" not in seen.subscriber.text


OF_CONNECTIONS = [kind for kind in IncidentKind if kind not in COMMON]


@pytest.mark.parametrize("kind", OF_CONNECTIONS)
def test_healing_is_said_only_where_the_portal_does_something(kind: IncidentKind) -> None:
    healing = {K.UNAUTHORIZED, K.GRANT_LOST, K.SYSTEM_ERROR, K.DB_UNAVAILABLE, K.HEROKU_UNAUTH}
    seen = judge(replace(LIVE, incidents=(incident(kind),)))
    assert seen.is_healing == (kind in healing)
    given_up = judge(replace(LIVE, incidents=(incident(kind, needs_person=True),)))
    assert not given_up.is_healing


@pytest.mark.parametrize("well_since", [None, NOW])
@pytest.mark.parametrize("condition", [Condition.HEALTHY, Condition.WORKING])
@pytest.mark.parametrize("kind", OF_CONNECTIONS)
def test_nobody_reads_live_while_an_incident_is_open(
    kind: IncidentKind, condition: Condition, well_since: datetime | None
) -> None:
    opened = replace(incident(kind), well_since=well_since)
    seen = judge(replace(LIVE, condition=condition, state="IDLE", incidents=(opened,)))
    assert seen.word != Word.LIVE
    assert seen.tone != Tone.GOOD
    assert seen.subscriber != standing.subscriber.LIVE


def test_an_open_incident_whose_cause_is_absent_is_recovering_and_not_healing() -> None:
    seen = judge(replace(LIVE, incidents=(replace(incident(K.SYSTEM_ERROR), well_since=NOW),)))
    assert (seen.word, seen.headline) == (Word.RECOVERING, "Recovering: System error")
    assert seen.reason == "It has looked well since 12:00 and is watched until 12:04 UTC."
    assert (seen.is_healing, seen.remedy) == (False, remedies.RECOVERING)
    assert "recovering" in seen.subscriber.headline


def test_a_new_problem_is_worse_than_one_that_recovers() -> None:
    over = replace(incident(K.SYSTEM_ERROR), well_since=NOW)
    facts = replace(LIVE, state="SYSTEM_ERROR", incidents=(over,))
    seen = judge(replace(facts, condition=Condition.BROKEN, condition_reason="Again."))
    assert (seen.headline, seen.reason) == ("System error", "Again.")


@pytest.mark.parametrize("note", ["Their holidays", "Their holidays."])
def test_the_reason_of_a_pause_ends_as_a_sentence(note: str) -> None:
    facts = replace(LIVE, condition=Condition.PAUSED, paused_until=NOW, pause_note=note)
    assert judge(facts).reason == "Their holidays. The portal will resume it at that time."


def test_trouble_on_a_paused_connection_says_that_it_is_paused() -> None:
    facts = replace(LIVE, paused_until=NOW, incidents=(incident(K.WRONG_ORG),))
    assert judge(facts).reason == "It is wrong_org. Paused until 5 Jan 2026, 12:00 UTC."


def test_a_pause_is_worse_than_a_trouble_of_a_part_because_all_data_waits() -> None:
    facts = replace(LIVE, paused_until=NOW, incidents=(incident(K.WRITE_ERRORS),))
    seen = judge(facts)
    assert (seen.word, seen.subscriber.headline) == (Word.PAUSED, "Synchronization is paused")
    assert "Salesforce refuses writes: It is write_errors." in seen.reason


def test_a_retry_keeps_the_time_of_the_trouble() -> None:
    seen = judge(Facts(Stage.CREATING_ADDON, NOW, trouble_since=EARLIER))
    assert (seen.headline, seen.since) == ("Trying again: Creating the add-on", EARLIER)


@pytest.mark.parametrize(
    ("facts", "headline", "button"),
    [
        (LIVE, "You are live", Button.NONE),
        (
            replace(LIVE, incidents=(incident(K.UNAUTHORIZED),)),
            "Synchronization has stopped: please authorize it again",
            Button.AUTHORIZE,
        ),
        (
            replace(LIVE, incidents=(incident(K.TOO_MANY_ROWS),)),
            "Synchronization has stopped",
            Button.NONE,
        ),
        (
            replace(LIVE, incidents=(incident(K.GRANT_LOST),)),
            "Please sign in to Salesforce again",
            Button.SIGN_IN,
        ),
        (
            Facts(Stage.WAITING_FOR_AUTHORIZATION, NOW, blocked=BlockedKind.WRONG_ORG),
            "Another org was connected",
            Button.NONE,
        ),
    ],
)
def test_the_subscriber_reads_the_same(facts: Facts, headline: str, button: Button) -> None:
    words = judge(facts).subscriber
    assert (words.headline, words.button) == (headline, button)


def test_every_state_is_listed_once_and_no_word_is_missing() -> None:
    listed = standing.every()
    keys = [each.key for _, each in listed]
    assert len(keys) == len(set(keys))
    assert {each.word for _, each in listed} == set(Word)
    assert {f"blocked.{kind}" for kind in BlockedKind if kind not in ONLY_IN_ROLLOUTS} < set(keys)
    for kind in OF_CONNECTIONS:
        assert any(key.startswith(f"live.{kind}.") for key in keys)


@pytest.mark.parametrize(("facts", "seen"), standing.every(), ids=lambda each: "")
def test_no_cell_of_a_state_is_empty(facts: Facts, seen: standing.Standing) -> None:
    assert judge(facts) == seen
    cells = (seen.headline, seen.label, seen.remedy.do, seen.remedy.then)
    assert all((*cells, seen.subscriber.headline, seen.subscriber.text))
    # Green and "live" belong together, for staff and for the subscriber.
    is_live = seen.subscriber.headline == "You are live"
    assert is_live == (seen.word in (Word.LIVE, Word.DRIFTED))
    assert (seen.tone == Tone.GOOD) == (seen.word == Word.LIVE)
