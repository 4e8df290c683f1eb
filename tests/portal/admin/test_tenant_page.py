"""A tenant's page: how it was, ids to copy, and mails as their readers see them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client
from django.utils import timezone

from connect import runbook
from connect.health import strips
from connect.health.strips import Seen
from connect.models import Connection, Health, HealthSample, Stage
from connect.standing import Word, states
from portal.actions.subject import Subject
from portal.admin.panels import tenant as tenant_panel
from tenants import messages
from tenants.models import Message, MessageKind, Tenant
from tests import cast
from tests.portal.admin import rows, walk

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 26, 12, 30, tzinfo=UTC)


@pytest.fixture
def connection(db: None) -> Connection:
    made = rows.connection(cast.enrol(cast.ACME), state="IDLE")
    Health.objects.create(connection=made, condition="healthy", sampled_at=timezone.now())
    return made


def sample(of: Connection, at: datetime, up: int, degraded: int, seconds: int = 300) -> None:
    facts: dict[str, Any] = dict.fromkeys(("mappings", "mappings_synced", "rows_failed"), 1)
    facts |= {"seconds": seconds, "seconds_up": up, "seconds_degraded": degraded}
    HealthSample.objects.create(connection=of, at=at, state="IDLE", condition="healthy", **facts)


@pytest.mark.parametrize(
    ("up", "degraded", "seconds", "seen"),
    [
        (300, 0, 300, Seen.WELL),
        (200, 100, 300, Seen.DEGRADED),
        (200, 0, 300, Seen.DOWN),
        (0, 0, 300, Seen.DOWN),
        (0, 0, 0, Seen.NOTHING),
    ],
)
def test_a_slot_says_the_worst_that_was_seen_in_it(
    connection: Connection, up: int, degraded: int, seconds: int, seen: Seen
) -> None:
    sample(connection, NOON - timedelta(hours=1), up, degraded, seconds)
    slots = strips.day(connection, NOON)
    assert (len(slots), slots[-2].at.hour, slots[-2].seen) == (24, 11, seen)
    assert {each.seen for each in slots[:-2]} == {Seen.NOTHING}
    assert strips.month(connection, NOON)[-1].seen == seen


def test_one_bad_look_makes_a_bad_hour_and_a_bad_day(connection: Connection) -> None:
    for minutes in range(35, 90, 5):
        sample(connection, NOON - timedelta(minutes=minutes), 300, 0)
    sample(connection, NOON - timedelta(minutes=40), 0, 0)
    slots = strips.day(connection, NOON)
    assert [each.seen for each in slots[-2:]] == [Seen.DOWN, Seen.NOTHING]
    days = strips.month(connection, NOON)
    assert (len(days), days[-1].seen) == (30, Seen.DOWN)


def test_the_page_shows_both_strips_with_their_words(
    viewer: Client, connection: Connection
) -> None:
    now = timezone.now()
    sample(connection, now, 300, 0)
    sample(connection, now - timedelta(days=3), 0, 0)
    html = viewer.get(walk.page(Tenant, "change", connection.tenant_id)).content.decode()
    assert 'aria-label="Last 24 hours: 1 well, 23 not measured"' in html
    assert 'aria-label="Last 30 days: 1 well, 1 down, 28 not measured"' in html
    assert html.count('class="strip-axis"') == 2


def test_every_id_has_a_button_that_copies_it(viewer: Client, connection: Connection) -> None:
    html = viewer.get(walk.page(Tenant, "change", connection.tenant_id)).content.decode()
    for name, value in {
        "org id": connection.tenant.org_id,
        "add-on": connection.addon_name,
        "connection id": connection.connection_id,
        "schema": connection.schema_name,
    }.items():
        assert f'aria-label="Copy the {name}"' in html
        assert f">{value}</code>" in html
    assert 'role="status" id="copied"' in html


@pytest.fixture
def mail(connection: Connection) -> Message:
    return messages.queue(connection.tenant, MessageKind.LIVE, key="live")


def test_a_mail_is_shown_as_its_reader_sees_it_without_scripts(
    operator: Client, mail: Message
) -> None:
    page = operator.get(walk.page(Message, "change", mail.pk)).content.decode()
    address = walk.page(Message, "seen", mail.pk)
    assert 'sandbox=""' in page
    assert f'src="{address}"' in page
    answer = operator.get(address)
    assert answer.content.decode() == mail.html
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'self'" in policy
    assert "script-src" not in policy


def test_a_mail_with_the_subscribers_link_is_not_for_all_roles(
    viewer: Client, operator: Client, mail: Message
) -> None:
    address = walk.page(Message, "seen", mail.pk)
    assert viewer.get(address).status_code == 403
    assert "iframe" not in viewer.get(walk.page(Message, "change", mail.pk)).content.decode()
    assert operator.post(address).status_code == 405
    assert operator.get(walk.page(Message, "seen", 0)).status_code == 404


def test_the_state_word_says_what_it_means(viewer: Client, connection: Connection) -> None:
    html = viewer.get(walk.page(Tenant, "change", connection.tenant_id)).content.decode()
    assert 'role="tooltip"' in html
    assert "Its entry in the runbook" in html


def test_every_state_has_an_entry() -> None:
    known = runbook.entries()
    assert all(known[runbook.anchor_of(seen)].means for _, seen in states.every())


def test_the_buttons_are_those_of_the_row_that_is_shown(
    manager: Client, connection: Connection
) -> None:
    def off_board_meanwhile(execute: Any, sql: str, *more: Any) -> Any:
        answer = execute(sql, *more)
        if sql.startswith("SELECT") and 'FROM "tenants_tenant"' in sql:
            facts = {"stage_before": Stage.LIVE, "ends_at": timezone.now()}
            Connection.objects.filter(stage=Stage.LIVE).update(stage=Stage.GRACE, **facts)
        return answer

    with database.execute_wrapper(off_board_meanwhile):
        html = manager.get(walk.page(Tenant, "live", connection.tenant_id)).content.decode()
    assert "Off-boarding can be undone until" in html
    assert "Off-board now…" in html


def test_a_page_made_while_the_tenant_is_off_boarded_says_one_thing_and_looks_again(
    connection: Connection,
) -> None:
    read = Subject(connection.tenant, Connection.objects.get(pk=connection.pk))
    Connection.objects.filter(pk=connection.pk).update(
        stage=Stage.OFFBOARDED, offboarded_at=timezone.now()
    )
    Tenant.objects.update(offboarded_at=timezone.now())
    shown = tenant_panel.context(read.tenant, read, "")
    assert (shown["standing"].word, shown["steps"][-1].state) == (Word.OFFBOARDED, "done")
    assert shown["every"], "its buttons are those of before"
