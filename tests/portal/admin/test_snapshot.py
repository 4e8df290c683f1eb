"""The dashboard is read once for all who look, and an open page gets what it does not have yet."""

import pickle
import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core import signing
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from connect.models import ApiBudget, Connection
from portal import audit, roles
from portal.dashboard import page, parts, snapshot
from portal.dashboard.worklist import total
from portal.models import AuditKind, DashboardSnapshot, Heartbeat, Preferences
from tenants.models import Tenant
from tests.portal.admin import strangers
from tests.portal.admin.conftest import SignIn

pytestmark = pytest.mark.django_db
PAGE, FRAGMENT = "/admin/", "/admin/dashboard/"
# Session and user, the snapshot; a page counts for its menu too. Read
# again: three statements for all cards, one that claims it, one that stores it.
KEPT = {PAGE: 4, FRAGMENT: 3}
READ = {PAGE: 9, FRAGMENT: 8}


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[time_machine.Traveller]:
    """Keep for a while, as in production, while the clock stands still."""
    monkeypatch.setattr(snapshot, "PERIOD", timedelta(seconds=10))
    monkeypatch.setattr(total, "KEPT_SECONDS", 10)
    cache.clear()
    with time_machine.travel(timezone.now(), tick=False) as traveller:
        yield traveller
    cache.clear()


def queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def marks(html: str) -> list[str]:
    return re.findall(r'data-live-mark="(\w+)"', html)


def parts_of(html: str) -> list[str]:
    return re.findall(r'id="card-(\w+)" data-live-part', html)


@pytest.mark.parametrize("address", [PAGE, FRAGMENT])
@pytest.mark.parametrize("tenants", [1, 30])
def test_whoever_comes_next_costs_a_few_queries(
    operator: Client, viewer: Client, address: str, tenants: int
) -> None:
    strangers.make(tenants)
    for each in (operator, viewer):
        each.get(PAGE)  # the first request of a session writes its row
    assert queries(operator, address) == KEPT[address]
    assert queries(viewer, address) == KEPT[address]


@pytest.mark.parametrize("address", [PAGE, FRAGMENT])
def test_who_comes_when_its_time_is_over_costs_few_queries_too(
    manager: Client, address: str, clock: time_machine.Traveller
) -> None:
    for number in (1, 30):
        strangers.make(number, start=number)
        manager.get(PAGE)
        clock.shift(11)
        assert queries(manager, address) == READ[address]


@pytest.fixture
def another_process(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Let the requests that follow be answered by a process that has read nothing yet."""
    return lambda: monkeypatch.setattr(page, "_KEPT", snapshot.Kept())


def test_another_process_shows_what_one_has_read_and_reads_nothing(
    operator: Client, viewer: Client, another_process: Callable[[], None]
) -> None:
    strangers.make(1)
    Connection.objects.update(blocked_at=timezone.now(), blocked_reason="Stop.")
    for each in (operator, viewer):
        each.get(PAGE)
    first = operator.get(FRAGMENT).content.decode()
    another_process()
    assert queries(operator, FRAGMENT) == KEPT[FRAGMENT]
    assert marks(operator.get(FRAGMENT).content.decode()) == marks(first)
    html = viewer.get(FRAGMENT).content.decode()
    assert "Stop." in html
    assert "<button" not in html


def test_while_one_process_reads_the_others_show_what_was_read_before(
    viewer: Client, clock: time_machine.Traveller
) -> None:
    viewer.get(PAGE)
    strangers.make(1)
    clock.shift(11)
    DashboardSnapshot.objects.update(claimed_at=timezone.now())
    assert "No tenants yet" in viewer.get(FRAGMENT).content.decode()
    clock.shift(6)  # the one that was reading has died
    assert "No tenants yet" not in viewer.get(FRAGMENT).content.decode()


@pytest.mark.parametrize("content", ["", "garbage", signing.dumps({"attention": {"total": 7}})])
def test_what_this_version_of_the_portal_has_not_signed_is_read_again(
    viewer: Client, another_process: Callable[[], None], content: str
) -> None:
    viewer.get(PAGE)
    DashboardSnapshot.objects.update(content=content)
    another_process()
    assert "No tenants yet" in viewer.get(FRAGMENT).content.decode()


def test_a_snapshot_holds_no_password_and_no_token(operator: Client) -> None:
    strangers.make(1)
    owner = User.objects.create_user("ida", password="a secret of hers")
    Tenant.objects.update(owner=owner)
    Connection.objects.update(blocked_at=timezone.now(), blocked_reason="Stop.")
    operator.get(PAGE)
    kept = snapshot._loads(DashboardSnapshot.objects.get().content)
    held = pickle.dumps(kept)
    assert b"ida" in held
    assert owner.password.encode() not in held


def test_it_is_read_again_after_its_time(viewer: Client, clock: time_machine.Traveller) -> None:
    html = viewer.get(PAGE).content.decode()
    strangers.make(1)
    clock.shift(9)
    assert "No tenants yet" in html
    assert "No tenants yet" in viewer.get(FRAGMENT).content.decode()
    clock.shift(1)
    assert "No tenants yet" not in viewer.get(FRAGMENT).content.decode()


def test_a_clock_that_was_set_back_keeps_nothing(
    viewer: Client, clock: time_machine.Traveller
) -> None:
    viewer.get(PAGE)
    strangers.make(1)
    clock.shift(-5)
    assert "No tenants yet" not in viewer.get(FRAGMENT).content.decode()


def test_what_staff_press_is_seen_at_once(viewer: Client) -> None:
    viewer.get(PAGE)
    strangers.make(1)
    audit.note(AuditKind.PRESSED, "Approve", actor="mia")
    assert "No tenants yet" not in viewer.get(FRAGMENT).content.decode()


def test_what_one_person_may_do_or_see_is_not_shown_to_another(
    manager: Client, sign_in: SignIn
) -> None:
    strangers.make(1)
    Connection.objects.update(blocked_at=timezone.now(), blocked_reason="Stop.")
    few = sign_in(roles.VIEWER)
    role = few.get(PAGE).wsgi_request.user.groups.get()
    role.permissions.remove(role.permissions.get(codename="view_incident"))
    # Who may most looks first, and then again.
    for _ in range(2):
        theirs, own = (each.get(FRAGMENT).content.decode() for each in (manager, few))
        assert "<button" in theirs
        assert "<button" not in own
        assert "incidents" in parts_of(theirs)
        assert "incidents" not in parts_of(own)
        assert "Stop." in own


def test_each_form_has_the_token_of_its_reader(manager: Client, operator: Client) -> None:
    strangers.make(1)
    Connection.objects.update(blocked_at=timezone.now(), blocked_reason="Stop.")
    sent = [each.get(PAGE) for each in (manager, operator)]
    secrets = {each.cookies["csrftoken"].value for each in sent}
    assert len(secrets) == 2


def test_each_reader_has_the_times_of_the_own_zone(manager: Client, viewer: Client) -> None:
    Heartbeat.objects.create(worker="w", beat_at=timezone.now())
    Preferences.objects.create(user=User.objects.get(username="vera"), time_zone="Asia/Tokyo")
    for _ in range(2):
        assert "JST" not in manager.get(FRAGMENT).content.decode()
        assert "JST" in viewer.get(FRAGMENT).content.decode()


# --- what an open page does not have yet ---------------------------------------------------------


def again(client: Client, html: str) -> tuple[int, list[str]]:
    """Ask as the open page does; return the status and the names of the cards in the answer."""
    answer = client.get(FRAGMENT, headers={parts.HEADER: ",".join(marks(html))})
    return answer.status_code, parts_of(answer.content.decode())


def test_nothing_is_sent_while_nothing_changes(
    operator: Client, clock: time_machine.Traveller
) -> None:
    strangers.make(1)
    Connection.objects.update(blocked_at=timezone.now() - timedelta(days=2), blocked_reason="Stop.")
    ApiBudget.objects.all().delete()  # 75 calls are added each minute
    Heartbeat.objects.create(worker="w", beat_at=timezone.now())
    html = operator.get(PAGE).content.decode()
    assert "csrfmiddlewaretoken" in html
    assert again(operator, html) == (204, [])
    clock.shift(11)  # "5 seconds ago" is renewed by the browser
    assert again(operator, html) == (204, [])


def test_the_cards_that_say_something_new_are_sent(
    viewer: Client, clock: time_machine.Traveller
) -> None:
    html = viewer.get(PAGE).content.decode()
    clock.shift(11)
    Heartbeat.objects.create(worker="w", beat_at=timezone.now())
    assert again(viewer, html) == (200, ["vitals"])
    clock.shift(11)
    strangers.make(1)
    assert "funnel" in again(viewer, html)[1]
    assert Tenant.objects.count() == 1
