"""Which tenants need a person, since when, and why."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from connect import standing
from connect.health import states
from connect.models import (
    COMMON,
    REGIONAL,
    Connection,
    Drift,
    DriftState,
    Health,
    Incident,
    IncidentKind,
    IncidentStatus,
    Rollout,
    RolloutEvent,
    Stage,
    WaitingOn,
)
from connect.remedies import INCIDENTS
from connect.standing import Word
from portal.dashboard.attention import CAUSES
from portal.dashboard.cards import attention
from portal.dashboard.troubles import of_connections
from portal.dashboard.worklist.cases import Case
from tenants import orgid
from tenants.models import MessageStatus, Tenant
from tests import cast, standings
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
    ("", {"state": "PAUSED", "condition": "paused"}),
    ("", {"stage": Stage.WAITING_FOR_CONSENT, "waiting_on": WaitingOn.SUBSCRIBER}),
    ("", {"state": "IDLE"}),
    ("", {"stage": Stage.OFFBOARDED, "state": "SYSTEM_ERROR", "condition": "broken"}),
]


def causes_now() -> list[str]:
    now = timezone.now()
    return [cause.name for cause in CAUSES if cause.rows(now).exists()]


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


def test_what_is_broken_is_as_old_as_its_condition() -> None:
    now = timezone.now()
    row = rows.connection(cast.enrol(cast.ACME), state="SYSTEM_ERROR", live_at=now - LATE * 9)
    Health.objects.create(
        connection=row,
        condition="broken",
        since=now - LATE * 3,
        sampled_at=now,
        reason=states.meaning(row.state),
    )
    (case,) = attention.of(AnonymousUser(), attention.read(now), now)["cases"]
    assert case.since == now - LATE * 3
    assert case.why == "An error of Heroku Connect's own has stopped it."
    # What to do is said once, by the remedy.
    assert "estart" in case.remedy


EVERY = {seen.key: facts for facts, seen in standings.EVERY}


def enrol(number: int, name: str) -> Tenant:
    org_id = orgid.normalize(f"00D7y{number:010d}")
    return cast.enrol({**cast.ACME, "org_id": org_id, "name": name})


def all_cases(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[Case]]:
    """Return the cases of the whole worklist by the names of their tenants."""
    monkeypatch.setattr(attention, "MAX_SHOWN", 1000)
    now = timezone.now()
    found: dict[str, list[Case]] = {}
    for case in attention.of(AnonymousUser(), attention.read(now), now)["cases"]:
        found.setdefault(case.name, []).append(case)
    return found


def test_a_case_is_as_old_as_the_tenants_page_says(monkeypatch: pytest.MonkeyPatch) -> None:
    made = {
        key: standings.make(enrol(number, key), facts)
        for number, (key, facts) in enumerate(EVERY.items())
    }
    cases = all_cases(monkeypatch)
    connections = Connection.objects.in_bulk([row.pk for row in made.values() if row])
    said = standing.of_many(connections.values())
    # The page names no time where only a scan has found writes; the incident has one soon.
    wrong = {
        key: (said[row.pk].since, case.since)
        for key, row in made.items()
        if row
        for case in (*cases.get(key, ()), *of_region(cases, row))
        if said[row.pk].since not in (None, case.since)
    }
    assert wrong == {}
    assert len(cases) > 60


def of_region(cases: dict[str, list[Case]], row: Connection) -> list[Case]:
    """Return the cases of what is the trouble of a whole region."""
    return [case for name in cases if name.endswith(row.region_url) for case in cases[name]]


def test_a_case_is_not_as_old_as_another_incident_of_its_tenant() -> None:
    row = rows.connection(cast.enrol(cast.ACME))
    now = timezone.now()
    Health.objects.create(connection=row, condition="healthy", sampled_at=now)
    older = incident(row, IncidentKind.WRITE_ERRORS)
    worse = incident(row, IncidentKind.HEROKU_UNAUTH)
    Incident.objects.filter(pk=older.pk).update(suspected_at=now - LATE)
    (case,) = attention.of(AnonymousUser(), attention.read(now), now)["cases"]
    assert (case.why, case.since) == (worse.text, worse.suspected_at)


@pytest.mark.parametrize("snoozed", [False, True])
def test_the_cause_of_a_connection_is_the_one_whose_rows_it_is_in(snoozed: bool) -> None:
    for number, facts in enumerate(EVERY.values()):
        who = {**cast.ACME, "org_id": orgid.normalize(f"00D7y{number:010d}")}
        row = standings.make(cast.enrol(who), facts)
        if row and number % 3 == 0:
            incident(row)
    until = timezone.now() + LATE if snoozed else None
    Connection.objects.update(snoozed_until=until)
    now = timezone.now()
    found = dict(of_connections(Connection.objects.order_by(), now).values_list("pk", "cause"))
    for cause in (each for each in CAUSES if each.model is Tenant):
        rows_ = set(cause.rows(now, snoozed=snoozed).values_list("pk", flat=True))
        assert rows_ == {pk for pk, name in found.items() if name == cause.name}, cause.name
    assert len(set(found.values())) > 5


def everything_wrong() -> Connection:
    """Make a tenant that is blocked, broken, degraded in an incident, and drifted."""
    now = timezone.now()
    row = rows.connection(
        cast.enrol(cast.ACME), state="SYSTEM_ERROR", blocked_at=now, blocked_reason="No."
    )
    Health.objects.create(connection=row, condition="broken", sampled_at=now)
    Drift.objects.create(connection=row, state=DriftState.DRIFTED)
    incident(row)
    return row


def incident(row: Connection | None, kind: IncidentKind = IncidentKind.STUCK_WRITES) -> Incident:
    return Incident.objects.create(
        connection=row,
        kind=kind,
        status=IncidentStatus.OPEN,
        opened_at=timezone.now() - LATE,
        text="7 writes are waiting.",
    )


def test_a_tenant_is_listed_once_under_its_worst_cause() -> None:
    row = everything_wrong()
    assert causes_now() == ["blocked"]
    Connection.objects.filter(pk=row.pk).update(blocked_at=None, blocked_reason="")
    assert causes_now() == ["broken"]
    Health.objects.update(condition="healthy")
    assert causes_now() == ["degraded"]
    Incident.objects.update(status=IncidentStatus.CLOSED)
    assert causes_now() == ["drifted"]


def live(condition: str = "healthy", **facts: Any) -> Connection:
    row = rows.connection(cast.enrol(cast.ACME), **facts)
    Health.objects.create(connection=row, condition=condition, sampled_at=timezone.now())
    return row


def test_what_is_recovering_needs_nobody_unless_its_trouble_comes_back() -> None:
    opened = incident(live())
    Incident.objects.update(absent_since=timezone.now())
    assert standing.of(Connection.objects.get()).word == Word.RECOVERING
    assert causes_now() == []
    Incident.objects.filter(pk=opened.pk).update(absent_since=None)
    assert causes_now() == ["degraded"]


@pytest.mark.parametrize("kind", [*REGIONAL, *COMMON])
def test_what_is_recovering_for_many_tenants_needs_nobody_either(kind: IncidentKind) -> None:
    live()
    incident(None, kind)
    Incident.objects.update(absent_since=timezone.now())
    assert causes_now() == []


def test_a_recovering_tenant_still_stands_under_what_else_it_has() -> None:
    row = live()
    incident(row)
    Incident.objects.update(absent_since=timezone.now())
    Drift.objects.create(connection=row, state=DriftState.DRIFTED)
    assert causes_now() == ["drifted"]


@pytest.mark.parametrize("condition", ["paused", "unknown"])
def test_an_incident_that_is_recovering_is_no_trouble_behind_a_pause(condition: str) -> None:
    incident(live(condition))
    assert causes_now() != []
    Incident.objects.update(absent_since=timezone.now())
    assert causes_now() == []


OWN_KINDS = [kind for kind in IncidentKind if kind not in (*REGIONAL, *COMMON)]


def test_every_tenant_in_an_open_incident_needs_attention(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = {}
    for number, kind in enumerate(OWN_KINDS):
        row = rows.connection(enrol(number, kind))
        Health.objects.create(connection=row, condition="healthy", sampled_at=timezone.now())
        opened[kind] = incident(row, kind)
    cases = all_cases(monkeypatch)
    assert set(cases) == set(OWN_KINDS)
    for kind, found in opened.items():
        (case,) = cases[kind]
        remedy = INCIDENTS[kind]
        said = (case.why, case.since, case.remedy)
        assert said == (found.text, found.suspected_at, remedy.do), kind
        # Nobody is signed in here, so no button is offered; a page is.
        act = case.act and (case.act.label, case.act.is_link)
        assert act == ((remedy.page, True) if remedy.page else None), kind
    Incident.objects.update(status=IncidentStatus.SUSPECTED)
    assert causes_now() == []


def test_those_who_only_were_not_seen_lately_are_not_listed_one_by_one() -> None:
    rows.connection(cast.enrol(cast.ACME))
    assert causes_now() == []


@pytest.mark.parametrize("kind", [*REGIONAL, *COMMON])
def test_an_incident_without_a_tenant_is_a_case_with_its_own_page(kind: IncidentKind) -> None:
    opened = incident(None, kind)
    assert causes_now() == ["shared"]
    (case,) = attention.of(AnonymousUser(), attention.read(timezone.now()), timezone.now())["cases"]
    assert case.url == f"/admin/connect/incident/{opened.pk}/change/"
    assert (case.why, case.remedy) == (opened.text, INCIDENTS[kind].do)


def paused_rollout(by: str) -> Rollout:
    reason = "2 of 2 tenants of wave 0 failed, more than 50 %."
    rollout = Rollout.objects.create(
        author="mia", status="paused", pause_reason=reason, paused_by=by
    )
    RolloutEvent.objects.create(rollout=rollout, actor=by, text=reason)
    return rollout


def test_a_roll_out_that_paused_itself_is_a_case_that_leads_to_it() -> None:
    paused_rollout("mia")
    assert causes_now() == []
    rollout = paused_rollout("portal")
    shown = attention.of(AnonymousUser(), attention.read(timezone.now()), timezone.now())
    (case,) = shown["cases"]
    assert (case.name, case.why) == (str(rollout), rollout.pause_reason)
    assert case.url == f"/admin/connect/rollout/{rollout.pk}/change/"
    assert case.since == rollout.events.get().at
    assert [cause.url for cause, *_ in shown["tallies"]] == [
        "/admin/connect/rollout/?attention=paused_rollout"
    ]


def test_a_snoozed_tenant_in_trouble_is_counted_apart() -> None:
    everything_wrong()
    now = timezone.now()
    Connection.objects.update(snoozed_until=now + LATE)
    shown = attention.of(AnonymousUser(), attention.read(now), now)
    assert (shown["total"], shown["snoozed"], shown["snoozed_in_trouble"]) == (0, 1, 1)
