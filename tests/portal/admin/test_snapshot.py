"""The dashboard is read once for all who look, and an open page gets what it does not have yet."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from connect.models import ApiBudget, Connection
from portal import audit, roles
from portal.dashboard import parts, snapshot
from portal.models import AuditKind, Heartbeat, Preferences
from tenants.models import Tenant
from tests.portal.admin import strangers
from tests.portal.admin.conftest import SignIn

pytestmark = pytest.mark.django_db
PAGE, FRAGMENT = "/admin/", "/admin/dashboard/"
# Session, user, preferences, 2 for the rights, the newest press; a page counts for its menu too (3
# of its 4 for the worklist, whose count is kept elsewhere than in tests).
KEPT = {PAGE: 10, FRAGMENT: 6}


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[time_machine.Traveller]:
    """Keep for a while, as in production, while the clock stands still."""
    monkeypatch.setattr(snapshot, "PERIOD", timedelta(seconds=10))
    with time_machine.travel(timezone.now(), tick=False) as traveller:
        yield traveller


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
