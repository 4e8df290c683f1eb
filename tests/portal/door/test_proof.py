"""What cannot be undone: the person proves again who they are, and a second one approves."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import Group, User
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from connect.models import Mapping, Rollout, WriteError
from portal import bulk, roles
from portal.actions import action as registry
from portal.actions import runs
from portal.actions.action import Work
from portal.dashboard.cards import attention
from portal.models import AuditEntry, AuditKind, BulkItem, BulkItemStatus, BulkRun
from tenants.models import Message, Switch, Tenant
from tests.portal.admin import strangers, walk
from tests.portal.admin.conftest import signed_in
from tests.portal.door.conftest import PASSWORD, SECRET, sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def noa(mia: User) -> User:
    """A second manager."""
    user = User.objects.create_user("noa", password=PASSWORD, is_staff=True)
    user.groups.set([Group.objects.get(name=roles.MANAGER)])
    return user


def end(client: Client, tenants: list[Tenant]) -> Any:
    """Off-board tenants in their list, and confirm it."""
    phrase = str(tenants[0]) if len(tenants) == 1 else f"{len(tenants)} tenants"
    data = {
        "action": "offboard",
        "_selected_action": [each.pk for each in tenants],
        "confirmed": "yes",
        "schema_fate": "keep",
        "typed": phrase,
    }
    return client.post(walk.page(Tenant, "changelist"), data)


def tenants(count: int) -> list[Tenant]:
    return [each.tenant for each in strangers.connected(range(1, count + 1))]


def test_off_boarding_asks_for_the_password_again_and_then_goes_on(
    client: Client, mia: User
) -> None:
    acme = tenants(1)
    sign_in(client)
    with time_machine.travel(timezone.now() + timedelta(minutes=20)):
        asked = end(client, acme)
        assert asked["Location"].startswith("/admin/account/again/")
        assert not BulkRun.objects.exists()
        wrong = client.post(asked["Location"], {"password": "wrong-wrong-wrong"})
        assert wrong.status_code == 200
        client.post(asked["Location"], {"password": PASSWORD})
    assert BulkRun.objects.get().actor == "mia"


def test_a_large_bulk_action_asks_too_and_a_small_one_does_not(mia: User) -> None:
    many = tenants(21)
    client = Client()
    client.force_login(mia)
    data = {"action": "refresh", "confirmed": "yes"}
    url = walk.page(Tenant, "changelist")
    few = [each.pk for each in many[:20]]
    assert "again" not in client.post(url, {**data, "_selected_action": few})["Location"]
    all_ = [each.pk for each in many]
    assert "account/again" in client.post(url, {**data, "_selected_action": all_})["Location"]


def test_off_boarding_many_waits_for_a_second_manager(
    mia: User, noa: User, settings: Settings
) -> None:
    settings.TWO_PERSON_APPROVAL = True
    first, second = signed_in(mia), signed_in(noa)
    end(first, tenants(2))
    run = BulkRun.objects.get()
    bulk.work_off(run.pk)
    assert set(run.items.values_list("status", flat=True)) == {BulkItemStatus.WAITING}
    assert (
        b"Waiting for a second manager" in first.get(walk.page(BulkRun, "change", run.pk)).content
    )
    first.post(walk.page(BulkRun, "act", run.pk, "approve"))
    run.refresh_from_db()
    assert run.approved_by == ""
    second.post(walk.page(BulkRun, "act", run.pk, "approve"))
    run.refresh_from_db()
    assert (run.approved_by, run.approval_by) == ("noa", None)
    bulk.work_off(run.pk)
    assert BulkItemStatus.WAITING not in run.items.values_list("status", flat=True)


def cases(user: User) -> list[Any]:
    now = timezone.now()
    found: list[Any] = attention.of(user, attention.read(now), now)["cases"]
    return found


def test_every_page_says_that_a_run_waits_for_a_second_manager(
    mia: User, noa: User, settings: Settings
) -> None:
    settings.TWO_PERSON_APPROVAL = True
    browser, few = signed_in(mia), tenants(2)
    page = browser.get(end(browser, few)["Location"]).content.decode()
    assert "waits for a second manager, for 2 tenants" in page
    assert "queued" not in page
    run = BulkRun.objects.get()
    reason = "Waiting for the approval of a second manager"
    for address in (walk.page(BulkRun, "changelist"), walk.page(Tenant, "change", few[0].pk)):
        assert reason in browser.get(address).content.decode()
    assert reason in browser.get(walk.page(BulkItem, "changelist")).content.decode()
    (case,) = cases(noa)
    assert (case.name, case.cause.name, case.act.label) == (str(run), "approval", "Approve")
    assert "mia" in case.why
    # The person who asked reads the same, without the button.
    assert cases(mia)[0].act is None
    mail = Message.objects.get()
    assert "second manager" in mail.subject
    signed_in(noa).post(walk.page(BulkRun, "act", run.pk, "approve"))
    assert cases(noa) == []


def test_a_run_that_nobody_approves_is_cancelled(mia: User, settings: Settings) -> None:
    settings.TWO_PERSON_APPROVAL = True
    end(signed_in(mia), tenants(2))
    run = BulkRun.objects.get()
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        assert not bulk.approve(run.pk, "noa")
        bulk.work_off(run.pk)
    run.refresh_from_db()
    assert run.finished_at is not None
    assert run.cancelled_by == bulk.NOT_APPROVED
    assert set(run.items.values_list("status", flat=True)) == {BulkItemStatus.CANCELLED}


def test_off_boarding_one_tenant_needs_no_second_manager(mia: User, settings: Settings) -> None:
    settings.TWO_PERSON_APPROVAL = True
    end(signed_in(mia), tenants(1))
    assert BulkRun.objects.get().approval_by is None


def test_off_boarding_one_by_one_needs_a_second_manager_from_the_third_in_an_hour(
    mia: User, settings: Settings
) -> None:
    settings.TWO_PERSON_APPROVAL = True
    browser = signed_in(mia)
    for each in tenants(4):
        end(browser, [each])
    runs = BulkRun.objects.order_by("pk")
    assert [run.approval_by is not None for run in runs] == [False, False, True, True]
    bulk.work_off(runs[2].pk)
    assert set(runs[2].items.values_list("status", flat=True)) == {BulkItemStatus.WAITING}


@pytest.mark.django_db(transaction=True)
def test_off_boarding_one_by_one_cannot_be_hurried_by_pressing_at_once(
    mia: User, settings: Settings
) -> None:
    settings.TWO_PERSON_APPROVAL = True
    browsers = [(signed_in(mia), [each]) for each in tenants(6)]
    together = Barrier(len(browsers))

    def press(browser: tuple[Client, list[Tenant]]) -> None:
        together.wait()
        try:
            end(*browser)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(browsers)) as threads:
        list(threads.map(press, browsers))
    assert BulkRun.objects.filter(approval_by=None).count() == runs.ALONE_PER_HOUR
    assert BulkRun.objects.count() == len(browsers)


@pytest.mark.parametrize(
    ("model", "name"),
    [
        *((Tenant, name) for name in ("offboard", "end_grace", "start_over", "erase")),
        *((Rollout, name) for name in ("start", "cancel", "roll_back")),
        *((Mapping, name) for name in ("delete", "reload")),
        *((BulkRun, name) for name in ("approve", "again")),
        (Authenticator, "remove"),
        (SocialAccount, "forget"),
        (Switch, "turn_off"),
    ],
)
def test_what_cannot_be_undone_is_asked_about_and_needs_the_proof(
    model: type[Model], name: str
) -> None:
    action = registry.of(model)[name]
    assert action.destructive or action.guarded
    assert action.asks or action.guarded


@pytest.mark.parametrize("name", ["mia", "root"])
def test_only_a_superuser_removes_the_factor_of_a_superuser(mia: User, name: str) -> None:
    """Otherwise a manager would need no more than a superuser's password to become one."""
    root = User.objects.create_superuser("root", password=PASSWORD)
    factor = TOTP.activate(root, SECRET).instance
    browser = signed_in(User.objects.get(username=name))
    page = browser.post(walk.page(Authenticator, "act", factor.pk, "remove"), {"confirmed": "yes"})
    assert page.status_code == 302
    assert Authenticator.objects.exists() == (name == "mia")


def test_whatever_is_destructive_for_many_at_once_can_wait_for_a_second_person() -> None:
    every = {each for model in registry.models() for each in registry.of(model).values()}
    many = [each for each in every if each.destructive and each.in_bulk]
    assert {each.name for each in many} >= {"offboard", "start_over", "erase"}
    assert [each.name for each in many if not isinstance(each.how, Work)] == []


NEW = {"username": "eve", "password1": PASSWORD, "password2": PASSWORD, "usable_password": "true"}


@pytest.mark.parametrize(
    ("page", "form"),
    [
        ("/admin/auth/user/add/", NEW),
        ("/admin/auth/user/{}/change/", {"username": "mia", "is_superuser": "on"}),
        ("/admin/auth/user/{}/password/", NEW),
        ("/admin/auth/group/add/", {"name": "Anybody"}),
        ("/admin/auth/group/1/change/", {"name": "Anybody"}),
    ],
)
def test_an_old_session_changes_no_staff_and_no_role_without_proof(
    mia: User, page: str, form: dict[str, str]
) -> None:
    root = Client()
    root.force_login(User.objects.create_superuser("root", password=PASSWORD))
    address = page.format(mia.pk)
    before = list(User.objects.values("username", "password", "is_superuser", "groups"))
    asked = root.post(address, form)
    assert asked["Location"] == f"/admin/account/again/?next={address.replace('/', '%2F')}"
    assert list(User.objects.values("username", "password", "is_superuser", "groups")) == before
    assert not Group.objects.filter(name="Anybody").exists()
    assert PASSWORD not in str(dict(root.session))


def test_after_the_proof_a_member_of_staff_is_added(mia: User) -> None:
    root = Client()
    root.force_login(User.objects.create_superuser("root", password=PASSWORD))
    asked = root.post("/admin/auth/user/add/", NEW)
    back = root.post(asked["Location"], {"password": PASSWORD})
    assert back["Location"] == "/admin/auth/user/add/"
    root.post("/admin/auth/user/add/", NEW)
    assert User.objects.filter(username="eve").exists()
    assert AuditEntry.objects.filter(kind=AuditKind.STAFF_CHANGED, about="eve").exists()


def test_one_person_may_ignore_many_failed_writes(settings: Settings) -> None:
    settings.TWO_PERSON_APPROVAL = True
    ignore = registry.of(WriteError)["ignore"]
    run = BulkRun(total=20, action=ignore.name, model="connect.writeerror", actor="mia")
    assert not runs.needs_another(ignore, run)
    assert runs.needs_another(replace(ignore, alone=False), run)
