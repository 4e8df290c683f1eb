"""The audit trail: everything that staff do is in it, and nobody can change it."""

import string
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import Group, User
from django.db import Error, connection, transaction
from django.test import Client
from django.utils import timezone

from connect.models import DefaultTemplate, MappingTemplate
from portal import audit, roles
from portal.door import throttle
from portal.models import AuditEntry, AuditKind
from tenants.models import Message, Tenant
from tests.portal.admin import rows, walk
from tests.portal.admin.conftest import signed_in
from tests.portal.door.conftest import sign_in

pytestmark = pytest.mark.django_db


def last(kind: AuditKind) -> AuditEntry:
    found = AuditEntry.objects.filter(kind=kind).first()
    assert found is not None
    return found


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE portal_auditentry SET actor = 'nobody'",
        "DELETE FROM portal_auditentry",
        "TRUNCATE portal_auditentry",
    ],
)
def test_the_database_refuses_to_change_the_trail(change: str) -> None:
    audit.note(AuditKind.SIGNED_IN, "Signed in", actor="mia")
    with pytest.raises(Error, match="append-only"), transaction.atomic():
        connection.cursor().execute(change)
    assert AuditEntry.objects.get().actor == "mia"


def test_what_is_older_than_the_setting_is_deleted_and_no_younger_entry_can_be() -> None:
    now = timezone.now()
    for days in (800, 500, 1):
        AuditEntry.objects.create(
            kind=AuditKind.SAVED, what=str(days), at=now - timedelta(days=days)
        )
    assert audit.prune() == 1
    with pytest.raises(Error, match="append-only"), transaction.atomic():
        AuditEntry.objects.filter(what="1").delete()


def test_failures_and_lock_outs_are_log_lines_too(
    mia: User, caplog: pytest.LogCaptureFixture
) -> None:
    browser = Client(REMOTE_ADDR="192.0.2.7")
    for _ in range(throttle.PER_NETWORK + 1):
        sign_in(browser, "mia", "wrong-wrong-wrong")
    wrong = "sign_in_failed: Wrong name or password, by mia from 192.0.2.7"
    locked = "sign_in_refused: Too many attempts, by mia from 192.0.2.7"
    assert caplog.messages == [*[wrong] * throttle.PER_NETWORK, locked]
    assert {each.levelname for each in caplog.records} == {"WARNING"}


def test_the_log_shows_the_beginning_of_a_name_and_no_secret(
    db: None, caplog: pytest.LogCaptureFixture
) -> None:
    sign_in(Client(), "correct horse battery staple", "a-secret-of-mine")
    sign_in(Client(), "00D5g00000ABCDE!AQcAQH0dMHEXAMPLEzmpkb58urFRkgeBGsxL", "x")
    assert "by correct horse batter… from" in caplog.text
    assert "staple" not in caplog.text
    assert "a-secret-of-mine" not in caplog.text
    assert "AQcAQH0d" not in caplog.text


def test_a_flood_after_the_lock_out_does_not_fill_the_trail(mia: User) -> None:
    for _ in range(throttle.PER_NETWORK + audit.NOTED + 5):
        sign_in(Client(), "mia", "wrong-wrong-wrong")
    refused = AuditEntry.objects.filter(kind=AuditKind.SIGN_IN_REFUSED)
    assert refused.count() == audit.NOTED


def test_a_denied_request_is_noted(client: Client, mia: User) -> None:
    sign_in(client)
    client.get("/admin/auth/user/", REMOTE_ADDR="192.0.2.7")
    entry = last(AuditKind.DENIED)
    assert (entry.actor, entry.address) == ("mia", "192.0.2.7")
    assert entry.what == "GET /admin/auth/user/"


def test_a_forged_action_of_a_list_is_refused_and_noted(mia: User) -> None:
    tenant = rows.five()["acme"]
    mia.groups.set([Group.objects.get(name=roles.VIEWER)])
    form = {"action": "offboard", "_selected_action": tenant.pk, "confirmed": "yes", "index": "0"}
    answer = signed_in(mia).post(walk.page(Tenant, "changelist"), form)
    assert answer.status_code == 403
    entry = last(AuditKind.DENIED)
    assert (entry.actor, entry.what) == ("mia", "POST /admin/tenants/tenant/")
    assert entry.about == "this list does not offer offboard"


def test_no_list_takes_an_action_that_it_does_not_offer(mia: User) -> None:
    root = signed_in(User.objects.create_superuser("root"))
    for model in walk.models():
        answer = root.post(walk.page(model, "changelist"), {"action": "delete_selected"})
        assert answer.status_code == 403, model


def test_guessed_filters_are_noted_with_their_number_and_logged_in_one_line_each(
    mia: User, caplog: pytest.LogCaptureFixture
) -> None:
    browser = signed_in(mia)
    caplog.clear()
    for letter in string.ascii_lowercase[:12]:
        answer = browser.get(walk.page(Message, "changelist"), {"text__regex": f"^{letter}"})
        assert answer.status_code == 400
    noted = AuditEntry.objects.filter(kind=AuditKind.DENIED).order_by("pk")
    assert [each.result for each in noted] == [
        "400, number 1 in this hour",
        "400, number 10 in this hour",
    ]
    assert {each.about for each in noted} == {"Filtering by ['text__regex'] is not allowed"}
    assert caplog.messages == ["denied: GET /admin/tenants/message/, by mia from 127.0.0.1"] * 12
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        signed_in(mia).get(walk.page(Message, "changelist"), {"html__regex": "^x"})
    assert noted.all().count() == 3


def test_an_action_is_noted_with_its_result(mia: User) -> None:
    tenant = rows.five()["acme"]
    browser = signed_in(mia)
    browser.post(walk.page(Tenant, "act", tenant.pk, "refresh"))
    entry = last(AuditKind.PRESSED)
    assert (entry.actor, entry.what, entry.about) == ("mia", "Refresh", str(tenant))
    assert "is queued" in entry.result


def test_a_saved_form_and_an_export_are_noted(mia: User) -> None:
    tenant, browser = rows.five()["acme"], signed_in(mia)
    form = {"name": "Acme North", "admin_email": tenant.admin_email, "environment": "production"}
    form |= {"heals_itself": "on", "look_every": str(tenant.look_every)}
    browser.post(walk.page(Tenant, "change", tenant.pk), form)
    assert last(AuditKind.SAVED).result == "Changed Name and My Domain."
    browser.get(walk.page(Tenant, "export"), {"standing": "live"})
    assert last(AuditKind.EXPORTED).about == "standing=live"


def test_a_change_of_a_role_says_what_it_is_now(mia: User) -> None:
    root = signed_in(User.objects.create_superuser("root"))
    viewer = Group.objects.get(name=roles.VIEWER)
    form = {
        "username": "mia",
        "is_active": "on",
        "is_staff": "on",
        "groups": [viewer.pk],
        "date_joined_0": "2026-01-01",
        "date_joined_1": "10:00:00",
    }
    root.post(f"/admin/auth/user/{mia.pk}/change/", form)
    entry = last(AuditKind.STAFF_CHANGED)
    assert (entry.actor, entry.about) == ("root", "mia")
    assert "Roles: Viewer; active: True, staff: True, superuser: False." in entry.result
    assert "Roles (before: Manager)" in entry.result


def test_a_flag_of_a_member_of_staff_is_noted_with_what_it_was(mia: User) -> None:
    root = signed_in(User.objects.create_superuser("root"))
    form = {
        "username": "mia",
        "is_staff": "on",
        "groups": [each.pk for each in mia.groups.all()],
        "date_joined_0": "2026-01-01",
        "date_joined_1": "10:00:00",
    }
    root.post(f"/admin/auth/user/{mia.pk}/change/", form)
    assert "Active (before: True)" in last(AuditKind.STAFF_CHANGED).result


def test_the_default_version_is_noted_with_the_former_one(mia: User) -> None:
    older, newer = (
        MappingTemplate.objects.create(version=number, document=rows.DOCUMENT) for number in (1, 2)
    )
    row = DefaultTemplate.objects.create(plan="herokuconnect:demo", template=older)
    form = {"plan": row.plan, "environment": "", "template": newer.pk}
    answer = signed_in(mia).post(walk.page(DefaultTemplate, "change", row.pk), form)
    assert answer.status_code == 302
    assert "(before: Version 1)" in last(AuditKind.SAVED).result


def test_managers_search_and_export_the_trail_and_operators_do_not_see_it(mia: User) -> None:
    audit.note(AuditKind.SIGN_IN_FAILED, "Wrong name or password", actor="nobody")
    olga = User.objects.create_user("olga", is_staff=True)
    olga.groups.set([Group.objects.get(name=roles.OPERATOR)])
    address = walk.page(AuditEntry, "changelist")
    assert signed_in(olga).get(address).status_code == 403
    manager = signed_in(mia)
    found = manager.get(address, {"q": "nobody"}).context["cl"].result_list
    assert [entry.actor for entry in found] == ["nobody"]
    text = manager.get(walk.page(AuditEntry, "export")).getvalue().decode()
    assert "nobody" in text


def test_no_secret_is_noted(client: Client, mia: User) -> None:
    client.post("/admin/login/", {"login": "mia", "password": "a-secret-of-mine"})
    assert "a-secret-of-mine" not in str(list(AuditEntry.objects.values()))
