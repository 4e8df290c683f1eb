"""A peer that answers with errors and waits by turns: every pattern has an end."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from itertools import cycle, islice

import pytest
import time_machine
from django.utils import timezone
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from connect.clients import http
from connect.models import BlockedKind, Connection, Stage, WaitingOn
from connect.provisioning import reconciler, steps
from connect.runner import patience, polling, retry
from connect.runner.lease import Claim
from connect.runner.outcomes import StepOutcome, Wait
from tests import cast

pytestmark = pytest.mark.django_db
Answer = Callable[[], StepOutcome]
LOOKS = 400
# All failed attempts in a row, with their pauses.
OUTAGE = sum(
    (retry.back_off(attempt, None, 0) for attempt in range(1, retry.MAX_ATTEMPTS + 1)), timedelta()
)


def waits(pause: timedelta) -> Answer:
    def answer() -> StepOutcome:
        until, patience = timezone.now() + pause, polling.HEROKU_PATIENCE
        return Wait(until, "Heroku", WaitingOn.HEROKU, patience)

    return answer


def fails() -> StepOutcome:
    raise http.Retryable("Heroku", 503, "try later", "r-1")


def refuses_the_token() -> StepOutcome:
    raise http.Unauthorized("Heroku", 401, "Invalid credentials", "r-2")


def is_broken() -> StepOutcome:
    raise KeyError("mappings")


LONG, SHORT = waits(timedelta(minutes=44)), waits(timedelta(minutes=10))
ANSWERS = st.sampled_from([LONG, SHORT, fails, refuses_the_token, is_broken])
# The token is the portal's: as long as nothing else is answered, staff are waited for.
PATTERNS = st.lists(ANSWERS, min_size=1, max_size=5).filter(
    lambda pattern: any(each is not refuses_the_token for each in pattern)
)


@pytest.fixture
def connection() -> Connection:
    return cast.connect(cast.enrol(cast.ACME), Stage.LINKING)


def met(connection: Connection, answers: Iterable[Answer]) -> timedelta:
    """Let the answers be given, each when it is due, until it is blocked; return how long."""
    began = now = connection.next_attempt_at or timezone.now()
    for answer in answers:
        with pytest.MonkeyPatch.context() as patch, time_machine.travel(now, tick=False):
            patch.setitem(steps.STEPS, Stage.LINKING, _step(answer))
            reconciler.advance(connection.pk)
        connection.refresh_from_db()
        if connection.blocked_at or connection.next_attempt_at is None:
            break
        now = connection.next_attempt_at
    return now - began


def _step(answer: Answer) -> Callable[[Claim], StepOutcome]:
    return lambda _claim: answer()


def forget(connection: Connection) -> None:
    """Begin again, as after a press of staff."""
    rows = Connection.objects.filter(pk=connection.pk)
    facts = {"attempts": 0, "blocked_at": None, "blocked_reason": ""}
    rows.update(**facts, **patience.FRESH, next_attempt_at=timezone.now())
    connection.refresh_from_db()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=10)
@given(pattern=PATTERNS)
@example(pattern=[LONG, fails])
@example(pattern=[SHORT, fails])
@example(pattern=[*[fails] * 4, LONG])
@example(pattern=[LONG, refuses_the_token])
def test_any_pattern_of_errors_and_waits_is_blocked_in_the_end(
    connection: Connection, pattern: list[Answer]
) -> None:
    forget(connection)
    lasted = met(connection, islice(cycle(pattern), LOOKS))
    assert connection.blocked_kind in (BlockedKind.TIMED_OUT, BlockedKind.GAVE_UP)
    longest_wait = polling.HEROKU_PATIENCE * 2 + OUTAGE
    assert lasted < longest_wait * (patience.MAX_RENEWALS + 2)


def test_ten_outages_in_a_slow_stage_block_nobody(connection: Connection) -> None:
    met(connection, [*[waits(timedelta(minutes=4))] * 10, *[fails] * 5] * patience.MAX_RENEWALS)
    assert connection.blocked_at is None


def test_a_long_outage_of_the_token_uses_up_no_patience(connection: Connection) -> None:
    met(connection, [SHORT, *[refuses_the_token] * 20, SHORT, SHORT])
    assert connection.blocked_at is None
