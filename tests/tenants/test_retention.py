"""What is old goes, and only that."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, InternalError, connection, transaction
from django.utils import timezone
from pytest_django.fixtures import Settings

from tenants import retention, timeline
from tenants.models import (
    Callout,
    Erasure,
    Event,
    EventKind,
    GrantStatus,
    Message,
    MessageKind,
    MessageStatus,
    SalesforceGrant,
    Tenant,
)
from tests import cast
from tests.standings import grant

pytestmark = pytest.mark.django_db
NOW = timezone.now()
DAY = timedelta(days=1)


@pytest.fixture
def acme() -> Tenant:
    return cast.enrol(cast.ACME)


def aged_event(tenant: Tenant, days: int) -> None:
    Event.objects.create(tenant=tenant, kind=EventKind.WAITING, text="x", at=NOW - days * DAY)


@pytest.mark.parametrize(("days", "kept"), [(89, 1), (91, 0)])
def test_callouts_go_after_their_days(days: int, kept: int) -> None:
    Callout.objects.create(body=b"{}", received_at=NOW - days * DAY)
    retention.prune(NOW)
    assert Callout.objects.count() == kept


def test_the_days_are_a_setting(settings: Settings) -> None:
    settings.KEEP_CALLOUTS_DAYS = 7
    Callout.objects.create(body=b"{}", received_at=NOW - 8 * DAY)
    retention.prune(NOW)
    assert not Callout.objects.exists()


def test_an_old_mail_is_emptied_and_still_counts_as_sent(acme: Tenant) -> None:
    for key, days, status in (
        ("old", 366, MessageStatus.SENT),
        ("new", 364, MessageStatus.SENT),
        ("queued", 366, MessageStatus.QUEUED),
    ):
        Message.objects.create(
            tenant=acme,
            kind=MessageKind.SIGN_IN,
            key=key,
            to="a@b.example",
            subject="s",
            text="t",
            html="h",
            status=status,
            created_at=NOW - days * DAY,
        )
    retention.prune(NOW)
    shown = dict(Message.objects.values_list("key", "to"))
    assert shown == {"old": "", "new": "a@b.example", "queued": "a@b.example"}
    assert Message.objects.get(key="old").html == ""


def test_a_timeline_goes_long_after_the_off_boarding_and_never_before(acme: Tenant) -> None:
    aged_event(acme, 5000)
    retention.prune(NOW)
    assert Event.objects.count() == 1
    Tenant.objects.update(offboarded_at=NOW - 1000 * DAY)
    retention.prune(NOW)
    assert Event.objects.count() == 1
    Tenant.objects.update(offboarded_at=NOW - 1100 * DAY)
    retention.prune(NOW)
    assert not Event.objects.exists()


@pytest.mark.parametrize("days", [None, 29])
def test_the_database_refuses_to_delete_the_timeline_of_a_tenant_that_is_here(
    acme: Tenant, days: int | None
) -> None:
    timeline.note(acme, EventKind.WAITING, "x")
    Tenant.objects.update(offboarded_at=days and NOW - days * DAY)
    with pytest.raises((IntegrityError, InternalError)), transaction.atomic():
        Event.objects.all().delete()
    with pytest.raises((IntegrityError, InternalError)), transaction.atomic():
        Event.objects.update(text="y")


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM tenants_erasure",
        "UPDATE tenants_erasure SET actor = 'x'",
        "TRUNCATE tenants_erasure",
        "TRUNCATE tenants_event CASCADE",
    ],
)
def test_the_database_refuses_to_change_a_record_or_to_empty_a_timeline(
    statement: str,
) -> None:
    Erasure.objects.create(actor="mia", tenant_number=1, org_digest="x")
    refused = pytest.raises((IntegrityError, InternalError))
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_the_grant_of_an_off_boarded_tenant_goes_at_once(acme: Tenant) -> None:
    grant(acme)
    retention.prune(NOW)
    assert SalesforceGrant.objects.exists()
    Tenant.objects.update(offboarded_at=NOW)
    retention.prune(NOW)
    assert not SalesforceGrant.objects.exists()


@pytest.mark.parametrize(
    ("status", "days", "token"),
    [
        (GrantStatus.REFUSED, 31, ""),
        (GrantStatus.UNREADABLE, 31, ""),
        (GrantStatus.REVOKED, 31, ""),
        (GrantStatus.REFUSED, 29, "00Dfake!token"),
        (GrantStatus.ACTIVE, 400, "00Dfake!token"),
    ],
)
def test_the_tokens_of_a_lost_grant_go_and_it_stays_lost(
    acme: Tenant, status: GrantStatus, days: int, token: str
) -> None:
    grant(acme, status)
    SalesforceGrant.objects.update(issued_at=NOW - days * DAY)
    retention.prune(NOW)
    kept = SalesforceGrant.objects.get()
    assert (kept.status, kept.access_token) == (status, token)
