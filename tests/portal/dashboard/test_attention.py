"""Which tenants need a person, since when, and why."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from connect.health import states
from connect.models import Connection, Health, Stage, WaitingOn
from portal.dashboard.attention import CAUSES
from tenants.models import MessageStatus
from tests import cast
from tests.portal.admin import rows

pytestmark = pytest.mark.django_db
LATE = timedelta(hours=1)

CASES: list[tuple[str, dict[str, Any]]] = [
    (
        "blocked",
        {"blocked_at": timezone.now(), "blocked_reason": "No.", "waiting_on": WaitingOn.STAFF},
    ),
    ("broken", {"state": "TOO_MANY_ROWS", "condition": "broken"}),
    ("needs_authorization", {"state": "UNAUTHORIZED", "condition": "needs_authorization"}),
    ("degraded", {"state": "IDLE", "condition": "degraded"}),
    ("staff", {"stage": Stage.WAITING_FOR_PROOF, "waiting_on": WaitingOn.STAFF}),
    (
        "silent",
        {
            "stage": Stage.WAITING_FOR_CONSENT,
            "waiting_on": WaitingOn.SUBSCRIBER,
            "stage_since": timezone.now() - timedelta(days=6),
        },
    ),
    ("", {"stage": Stage.WAITING_FOR_CONSENT, "waiting_on": WaitingOn.SUBSCRIBER}),
    ("", {"state": "IDLE"}),
    ("", {"stage": Stage.OFFBOARDED, "state": "SYSTEM_ERROR", "condition": "broken"}),
]


def causes_now() -> list[str]:
    now = timezone.now()
    return [cause.name for cause in CAUSES if cause.connections(now).exists()]


@pytest.mark.parametrize(("name", "facts"), CASES)
def test_each_trouble_has_one_cause_until_it_is_snoozed(name: str, facts: dict[str, Any]) -> None:
    condition = facts.get("condition", "healthy")
    facts = {key: value for key, value in facts.items() if key != "condition"}
    row = rows.connection(cast.enrol(cast.ACME), **facts)
    Health.objects.create(connection=row, condition=condition, sampled_at=timezone.now())
    assert causes_now() == ([name] if name else [])
    Connection.objects.filter(pk=row.pk).update(snoozed_until=timezone.now() + LATE)
    assert causes_now() == []
    Connection.objects.filter(pk=row.pk).update(snoozed_until=timezone.now() - LATE)
    assert causes_now() == ([name] if name else [])


@pytest.mark.parametrize("status", [MessageStatus.BOUNCED, MessageStatus.FAILED])
def test_a_subscriber_whose_mail_was_lost_is_not_called_silent(status: MessageStatus) -> None:
    tenant = cast.enrol(cast.ACME)
    rows.connection(
        tenant,
        Stage.WAITING_FOR_CONSENT,
        waiting_on=WaitingOn.SUBSCRIBER,
        stage_since=timezone.now() - timedelta(days=9),
    )
    sent = rows.message(tenant)
    assert causes_now() == ["silent"]
    sent.status = status
    sent.save()
    assert causes_now() == ["unreachable"]


def test_what_is_broken_is_as_old_as_the_last_good_look() -> None:
    now = timezone.now()
    row = rows.connection(cast.enrol(cast.ACME), state="SYSTEM_ERROR", live_at=now - LATE * 9)
    health = Health.objects.create(
        connection=row, condition="broken", sampled_at=now, reason=states.advice(row.state)
    )
    (cause,) = [each for each in CAUSES if each.name == "broken"]
    assert cause.oldest(now, 5) == [(now - LATE * 9, row)]
    health.good_at = now - LATE * 3
    health.save()
    ((since, found),) = cause.oldest(now, 5)
    assert since == now - LATE * 3
    assert cause.why(found).startswith("SYSTEM_ERROR: restart the connection")
