"""The rules of the reconciler alone: steps are replaced by ones with given answers."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import OperationalError
from django.db.models import Q
from django.utils import timezone

from connect import switches
from connect.clients import http
from connect.models import BlockedKind, Connection, Stage, WaitingOn
from connect.provisioning import reconciler, steps
from connect.runner import lease, retry
from connect.runner.lease import Claim
from connect.runner.outcomes import Blocked, Done, StepOutcome, Wait
from tenants import grants, leases, sweeps, timeline
from tenants.models import Event, EventKind, Message, MessageKind, Switch
from tests import cast

pytestmark = pytest.mark.django_db
Answer = Callable[[Claim], StepOutcome]


def answering(answer: StepOutcome | Exception) -> Answer:
    def step(claim: Claim) -> StepOutcome:
        if isinstance(answer, Exception):
            raise answer
        return answer

    return step


@pytest.fixture
def connection() -> Connection:
    return cast.connect(cast.enrol(cast.ACME), Stage.LINKING)


@pytest.fixture
def run(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> Callable[[StepOutcome | Exception], Connection]:
    def run(answer: StepOutcome | Exception) -> Connection:
        later = Wait(None, "the test's end", WaitingOn.STAFF)
        monkeypatch.setitem(steps.STEPS, Stage.CONFIGURING_DATABASE, answering(later))
        monkeypatch.setitem(steps.STEPS, Stage.LINKING, answering(answer))
        reconciler.advance(connection.pk)
        connection.refresh_from_db()
        return connection

    return run


Run = Callable[[StepOutcome | Exception], Connection]


def events(kind: EventKind) -> list[str]:
    return list(Event.objects.filter(kind=kind).values_list("text", flat=True))


def test_done_moves_on_and_takes_the_next_step_in_the_same_run(run: Run) -> None:
    seen = run(Done("Linked.", {"connection_id": "c1"}))
    assert (seen.stage, seen.connection_id) == (Stage.CONFIGURING_DATABASE, "c1")
    assert seen.waiting_for == "the test's end"
    assert events(EventKind.STAGE) == ["Linked."]


def test_what_a_peer_says_without_a_full_stop_is_a_sentence_on_the_timeline(run: Run) -> None:
    run(http.Retryable("Heroku", 503, "an HTML page"))
    assert events(EventKind.TROUBLE) == ["Heroku answered 503: an HTML page. Trying again."]


def test_a_wait_is_noted_once_with_its_reason(run: Run) -> None:
    until = timezone.now() + timedelta(minutes=5)
    seen = run(Wait(until, "Heroku Connect to list the add-on", WaitingOn.HEROKU))
    assert (seen.next_attempt_at, seen.waiting_on) == (until, WaitingOn.HEROKU)
    with time_machine.travel(until):
        run(Wait(until, "Heroku Connect to list the add-on", WaitingOn.HEROKU))
    assert events(EventKind.WAITING) == ["Waiting for Heroku Connect to list the add-on."]


def waiting(at: datetime) -> Wait:
    """Return a wait for Heroku; the next look is due at that time."""
    return Wait(at, "Heroku", WaitingOn.HEROKU, patience=timedelta(minutes=45))


def test_waiting_longer_than_the_patience_blocks(run: Run) -> None:
    later = timezone.now() + timedelta(minutes=46)
    assert run(waiting(later)).blocked_at is None
    with time_machine.travel(later):
        seen = run(waiting(later))
    assert "for 45 min." in seen.blocked_reason


def test_patience_begins_with_the_first_wait_after_an_error_or_a_press(run: Run) -> None:
    run(http.Retryable("Heroku", 503, "an outage", "r-1"))
    later = timezone.now() + timedelta(days=1, minutes=46)
    with time_machine.travel(timezone.now() + timedelta(days=1)):
        assert run(waiting(later)).blocked_at is None
    with time_machine.travel(later):
        assert run(waiting(later)).blocked_kind == BlockedKind.TIMED_OUT
        Connection.objects.update(
            blocked_at=None, blocked_reason="", waiting_since=None, next_attempt_at=timezone.now()
        )
        assert run(waiting(later)).blocked_at is None


@pytest.mark.parametrize("away", [timedelta(minutes=46), timedelta(days=7)])
def test_a_worker_that_was_away_uses_up_no_patience(run: Run, away: timedelta) -> None:
    due, back = timezone.now() + timedelta(minutes=10), timezone.now() + away
    run(waiting(due))
    with time_machine.travel(back):
        assert run(waiting(back + timedelta(minutes=36))).blocked_at is None
    # Ten minutes before it went away and 36 since it is back.
    with time_machine.travel(back + timedelta(minutes=36)):
        assert run(waiting(back)).blocked_kind == BlockedKind.TIMED_OUT


def test_a_temporary_error_is_retried_later_and_noted_once(run: Run) -> None:
    trouble = http.Retryable("Heroku", 503, "try later", "r-1")
    seen = run(trouble)
    assert seen.next_attempt_at is not None
    assert seen.next_attempt_at > timezone.now()
    assert (seen.attempts, seen.last_request_id) == (1, "r-1")
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        assert run(trouble).attempts == 2
    assert len(events(EventKind.TROUBLE)) == 1


def test_staff_are_warned_half_way_and_then_it_rests_with_a_reason(
    run: Run, connection: Connection
) -> None:
    trouble = http.Retryable("Heroku", 503, "try later", "r-1")
    subjects = Message.objects.values_list("subject", flat=True)
    for attempt in range(1, retry.MAX_ATTEMPTS + 1):
        Connection.objects.update(next_attempt_at=timezone.now())
        seen = run(trouble)
        assert (seen.blocked_at is None) == (attempt < retry.MAX_ATTEMPTS)
        assert len(subjects) == 0 or attempt >= retry.WARN_AT
        subjects = subjects.all()
    assert seen.blocked_kind == BlockedKind.GAVE_UP
    assert sorted(subject.partition('"West" ')[2] for subject in subjects) == [
        "is blocked: All attempts failed",
        "keeps failing: Linking to Heroku Connect",
    ]
    Connection.objects.update(next_attempt_at=timezone.now())
    assert run(trouble).attempts == retry.MAX_ATTEMPTS


def test_retry_after_is_obeyed(run: Run) -> None:
    hour = timedelta(hours=1)
    seen = run(http.Retryable("Heroku", 429, "slow down", "r-1", after=hour))
    assert seen.next_attempt_at is not None
    assert seen.next_attempt_at > timezone.now() + timedelta(minutes=59)


def test_success_after_trouble_forgets_it(run: Run) -> None:
    run(http.Retryable("Heroku", 503, "try later", "r-1"))
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        seen = run(Wait(None, "somebody", WaitingOn.STAFF))
    assert (seen.attempts, seen.last_error, seen.last_request_id) == (0, "", "")


def test_a_permanent_error_blocks_and_sends_one_alert(run: Run) -> None:
    seen = run(http.Permanent("Heroku", 402, "no credit card", "r-2"))
    assert seen.blocked_at is not None
    assert "no credit card" in seen.blocked_reason
    Connection.objects.update(blocked_at=None, blocked_reason="")
    run(http.Permanent("Heroku", 402, "no credit card", "r-3"))
    assert Message.objects.filter(kind=MessageKind.BLOCKED).count() == 1


def test_a_step_may_block_with_its_own_message(run: Run) -> None:
    seen = run(Blocked(BlockedKind.WRONG_ORG, "The wrong org was authorized."))
    assert seen.blocked_reason == "The wrong org was authorized."
    assert seen.blocked_kind == BlockedKind.WRONG_ORG


def test_a_retry_that_blocks_again_looks_no_newer_and_alerts_nobody_again(run: Run) -> None:
    first = run(http.Permanent("Heroku", 402, "no credit card", "r-2")).blocked_at
    for words in ("no credit card", "no credit card, still"):
        Connection.objects.update(
            blocked_at=None, blocked_reason="", attempts=0, next_attempt_at=timezone.now()
        )
        with time_machine.travel(timezone.now() + timedelta(days=1)):
            seen = run(http.Permanent("Heroku", 402, words, "r-3"))
        assert (seen.blocked_at, seen.trouble_since) == (first, first)
    assert Message.objects.filter(kind=MessageKind.BLOCKED).count() == 1


def test_another_kind_of_block_alerts_staff_but_is_no_newer(run: Run) -> None:
    first = run(http.Permanent("Heroku", 402, "no credit card", "r-2")).blocked_at
    Connection.objects.update(blocked_at=None, blocked_reason="", next_attempt_at=timezone.now())
    seen = run(http.Permanent("Heroku", 403, "no access", "r-3"))
    assert (seen.blocked_at, seen.blocked_kind) == (first, BlockedKind.PERMISSION)
    assert Message.objects.filter(kind=MessageKind.BLOCKED).count() == 2


@pytest.mark.parametrize(
    ("waiting_on", "is_solved"),
    [(WaitingOn.SUBSCRIBER, True), (WaitingOn.HEROKU, False), (WaitingOn.STAFF, False)],
)
def test_only_a_success_solves_a_trouble(
    run: Run, waiting_on: WaitingOn, *, is_solved: bool
) -> None:
    run(http.Permanent("Heroku", 402, "no credit card", "r-2"))
    Connection.objects.update(blocked_at=None, blocked_reason="", next_attempt_at=timezone.now())
    seen = run(Wait(None, "something", waiting_on))
    assert (seen.trouble_since is None, seen.blocked_kind == "") == (is_solved, is_solved)


def test_a_stage_that_is_passed_solves_its_trouble(run: Run) -> None:
    run(http.Permanent("Heroku", 402, "no credit card", "r-2"))
    Connection.objects.update(blocked_at=None, blocked_reason="", next_attempt_at=timezone.now())
    seen = run(Done("Linked."))
    assert (seen.trouble_since, seen.trouble_stage, seen.blocked_kind) == (None, "", "")


def test_a_bug_in_a_step_is_tried_again_and_ends_blocked(run: Run) -> None:
    for attempt in range(retry.MAX_ATTEMPTS):
        with time_machine.travel(timezone.now() + attempt * timedelta(hours=1)):
            seen = run(KeyError("mappings"))
    assert "KeyError" in seen.blocked_reason
    assert "15 attempts" in seen.blocked_reason


def test_a_step_that_kills_its_process_every_time_ends_blocked(run: Run) -> None:
    for attempt in range(retry.MAX_ATTEMPTS):
        with time_machine.travel(timezone.now() + attempt * leases.LEASE):
            assert lease.take(Connection.objects.get().pk) is not None
    with time_machine.travel(timezone.now() + timedelta(days=1)):
        seen = run(Done("never reached"))
    assert seen.stage == Stage.LINKING
    assert "The work died" in seen.blocked_reason


def test_a_refused_heroku_token_blocks_nobody_and_alerts_once(run: Run) -> None:
    noon = (timezone.now() + timedelta(days=1)).replace(hour=12)  # it alerts once a day
    with time_machine.travel(noon):
        seen = run(http.Unauthorized("Heroku", 401, "Invalid credentials", "r-4"))
    assert seen.blocked_at is None
    assert "HEROKU_API_TOKEN" in seen.waiting_for
    with time_machine.travel(noon + timedelta(minutes=11)):
        run(http.Unauthorized("Heroku", 401, "Invalid credentials", "r-5"))
    assert Message.objects.filter(kind=MessageKind.PORTAL).count() == 1


def test_a_lost_grant_leads_back_to_the_sign_in(
    connection: Connection, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    Connection.objects.update(stage=Stage.PUBLISHING_LINK)
    lost = answering(grants.GrantLost("Salesforce refused the grant."))
    wait = answering(Wait(None, "the sign-in", WaitingOn.SUBSCRIBER))
    monkeypatch.setitem(steps.STEPS, Stage.PUBLISHING_LINK, lost)
    monkeypatch.setitem(steps.STEPS, Stage.WAITING_FOR_CONSENT, wait)
    reconciler.advance(connection.pk)
    connection.refresh_from_db()
    assert connection.stage == Stage.WAITING_FOR_CONSENT
    assert events(EventKind.STAGE) == ["The admin has to sign in to Salesforce again."]


def test_a_worker_that_lost_the_lease_writes_nothing(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(claim: Claim) -> StepOutcome:
        with time_machine.travel(timezone.now() + leases.LEASE):
            assert lease.take(connection.pk) is not None
        return Done("too late", {"connection_id": "stale"})

    monkeypatch.setitem(steps.STEPS, Stage.LINKING, slow)
    reconciler.advance(connection.pk)
    connection.refresh_from_db()
    assert (connection.stage, connection.connection_id) == (Stage.LINKING, "")
    assert events(EventKind.STAGE) == []


@pytest.mark.django_db(transaction=True)
def test_a_settling_that_the_database_refuses_is_a_failed_try_and_keeps_no_lease(
    connection: Connection, run: Run
) -> None:
    seen = run(Done("Linked.", {"connection_id": "x" * 61}))  # longer than its column
    assert (seen.stage, seen.lease, seen.attempts) == (Stage.LINKING, None, 1)
    assert "An error in the portal itself" in seen.last_error


def test_a_settling_that_breaks_off_half_way_is_forgotten_as_a_whole(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    note, broken = timeline.note, [OperationalError("deadlock detected")]

    def note_after_a_deadlock(*args: Any, **data: Any) -> Event:
        if broken:
            raise broken.pop()
        return note(*args, **data)

    monkeypatch.setattr("tenants.timeline.note", note_after_a_deadlock)
    seen = run(Done("Linked.", {"connection_id": "c1"}))
    assert (seen.stage, seen.connection_id) == (Stage.LINKING, "")
    assert (seen.lease, seen.attempts, seen.waiting_for) == (None, 1, "the next attempt")
    (trouble,) = events(EventKind.TROUBLE)
    assert "deadlock detected" in trouble


def test_the_kill_switch_stops_provisioning_but_not_off_boarding(
    connection: Connection, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    Switch.objects.create(name=switches.PROVISIONING.name, on=False)
    assert run(Done("Linked.")).stage == Stage.LINKING
    Connection.objects.update(stage=Stage.OFFBOARDING)
    monkeypatch.setitem(steps.STEPS, Stage.OFFBOARDING, answering(Done("Gone.")))
    reconciler.advance(connection.pk)
    connection.refresh_from_db()
    assert connection.stage == Stage.OFFBOARDED
    assert connection.tenant.offboarded_at is not None


def is_due(connection: Connection) -> bool:
    connection.refresh_from_db()
    at = connection.next_attempt_at
    return at is not None and at <= timezone.now()


def test_a_task_that_came_during_a_step_does_not_count_as_queued(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_hurried_during_the_step(claim: Claim) -> StepOutcome:
        reconciler.hurry(connection.pk, Q())
        reconciler.advance(connection.pk)  # its task finds the lease held
        return Wait(timezone.now() + timedelta(days=2), "the sign-in", WaitingOn.SUBSCRIBER)

    monkeypatch.setitem(steps.STEPS, Stage.LINKING, is_hurried_during_the_step)
    reconciler.advance(connection.pk)
    assert is_due(connection)
    assert connection.queued_at is None
    assert sweeps.run() == 1


def test_what_happens_during_a_step_is_not_overwritten_by_its_wait(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def signs_in_after_the_look(claim: Claim) -> StepOutcome:
        # As the sign-in does, after the step has looked for the grant.
        Connection.objects.filter(pk=claim.connection.pk).update(next_attempt_at=timezone.now())
        return Wait(timezone.now() + timedelta(days=2), "the sign-in", WaitingOn.SUBSCRIBER)

    monkeypatch.setitem(steps.STEPS, Stage.LINKING, signs_in_after_the_look)
    reconciler.advance(connection.pk)
    assert is_due(connection)
    monkeypatch.setitem(steps.STEPS, Stage.LINKING, answering(Done("Seen.")))
    later = Wait(None, "the test's end", WaitingOn.STAFF)
    monkeypatch.setitem(steps.STEPS, Stage.CONFIGURING_DATABASE, answering(later))
    reconciler.advance(connection.pk)
    connection.refresh_from_db()
    assert connection.stage == Stage.CONFIGURING_DATABASE
