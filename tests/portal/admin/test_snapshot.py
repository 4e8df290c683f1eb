"""The dashboard is read once for all who look, and an open page gets what it does not have yet."""

import base64
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core.cache import cache, caches
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from connect.models import ApiBudget, Connection, HostApp
from portal import audit, roles
from portal.admin.kit import subjects
from portal.dashboard import numbers, snapshot
from portal.dashboard.worklist import total
from portal.looks import HEADER
from portal.models import AuditKind, Heartbeat, Preferences
from tenants.models import Tenant
from tests.portal.admin import strangers, walk
from tests.portal.admin.conftest import SignIn

pytestmark = pytest.mark.django_db
PAGE, FRAGMENT = "/admin/", "/admin/dashboard/"
# Session, person, the newest press, the snapshot; a page also counts for its menu.
KEPT = {PAGE: 5, FRAGMENT: 4}
# Three statements for all cards; 10 to claim and to store it, savepoints of the tests included.
READ = KEPT[FRAGMENT] + 13


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[time_machine.Traveller]:
    """Keep for a while, as in production, while the clock stands still."""
    monkeypatch.setattr(snapshot, "PERIOD", timedelta(seconds=10))
    monkeypatch.setattr(total, "KEPT_SECONDS", 10)
    cache.clear()
    caches["shared"].clear()
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


@pytest.mark.parametrize("tenants", [20, 50])
def test_reading_it_costs_the_same_however_many_tenants_there_are(
    manager: Client, tenants: int, clock: time_machine.Traveller
) -> None:
    strangers.make(tenants)
    manager.get(PAGE)
    clock.shift(11)
    assert queries(manager, FRAGMENT) == READ


def read_as(text: str) -> snapshot.Read:
    """Return a function that takes the place of reading all cards."""
    return lambda now, before: {"text": text}


def never(now: datetime, before: dict[str, Any] | None) -> dict[str, Any]:
    """Fail: what was read before is to be shown."""
    pytest.fail("read again")


def test_it_is_read_once_in_a_period_however_many_look(clock: time_machine.Traveller) -> None:
    began = timezone.now()
    assert snapshot.current(read_as("first"), began) == {"text": "first"}
    for seconds in range(10):
        clock.move_to(began + timedelta(seconds=seconds))
        assert snapshot.current(never, timezone.now()) == {"text": "first"}
    clock.move_to(began + timedelta(seconds=10))
    assert snapshot.current(read_as("second"), timezone.now()) == {"text": "second"}
    assert snapshot.current(never, timezone.now()) == {"text": "second"}


ANOTHER_PROCESS = """
import sys
from datetime import datetime

import django

django.setup()
from django.db import connections

connections.settings["default"]["NAME"] = sys.argv[1]
from portal.dashboard import snapshot

now = datetime.fromisoformat(sys.argv[2])
print(snapshot.current(lambda now, before: {"text": "another's"}, now)["text"])
"""


@pytest.mark.django_db(transaction=True)
def test_what_one_process_has_read_another_one_shows(clock: time_machine.Traveller) -> None:
    clock.shift(600)  # the other process may take its time to start
    now = timezone.now()
    snapshot.current(read_as("mine"), now)
    arguments = [str(connection.settings_dict["NAME"]), now.isoformat()]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ANOTHER_PROCESS, *arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "mine"


def test_while_one_process_reads_the_others_show_what_was_read_before(
    clock: time_machine.Traveller,
) -> None:
    snapshot.current(read_as("first"), timezone.now())
    clock.shift(11)

    def slow(now: datetime, before: dict[str, Any] | None) -> dict[str, Any]:
        assert snapshot.current(never, now) == {"text": "first"}
        return {"text": "second"}

    assert snapshot.current(slow, timezone.now()) == {"text": "second"}
    assert snapshot.current(never, timezone.now()) == {"text": "second"}


def test_a_process_that_died_while_it_read_holds_nobody_up(clock: time_machine.Traveller) -> None:
    def dies(now: datetime, before: dict[str, Any] | None) -> dict[str, Any]:
        raise SystemExit

    snapshot.current(read_as("first"), timezone.now())
    clock.shift(11)
    with pytest.raises(SystemExit):
        snapshot.current(dies, timezone.now())
    assert snapshot.current(never, timezone.now()) == {"text": "first"}
    clock.shift(snapshot.READING_SECONDS + 1)
    assert snapshot.current(read_as("second"), timezone.now()) == {"text": "second"}


def test_what_was_read_long_ago_is_not_shown_while_another_process_reads(
    clock: time_machine.Traveller,
) -> None:
    snapshot.current(read_as("first"), timezone.now())
    clock.shift(21)
    assert snapshot.current(read_as("second"), timezone.now()) == {"text": "second"}


def test_another_release_reads_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    now = timezone.now()
    snapshot.current(read_as("old"), now)
    with monkeypatch.context() as patch:
        patch.setattr(snapshot, "_version", lambda: "new")
        assert snapshot.current(read_as("new"), now) == {"text": "new"}
    assert snapshot.current(never, now) == {"text": "old"}


def test_a_read_only_database_shows_what_was_read_and_then_reads_for_each(
    clock: time_machine.Traveller,
) -> None:
    snapshot.current(read_as("before"), timezone.now())
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION READ ONLY")
    assert snapshot.current(never, timezone.now()) == {"text": "before"}
    clock.shift(21)
    assert snapshot.current(read_as("now"), timezone.now()) == {"text": "now"}


@pytest.mark.django_db(transaction=True)
def test_without_its_table_the_page_is_read_for_each(
    viewer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caches["shared"], "_table", "nowhere")
    for number in (1, 2):
        strangers.make(1, start=number)
        answer = viewer.get(FRAGMENT)
        assert answer.status_code == 200
        assert f">{number}<" in answer.content.decode()


def test_a_snapshot_holds_no_password_and_no_token(
    operator: Client,
) -> None:
    strangers.make(1)
    owner = User.objects.create_user("ida", password="a secret of hers")
    Tenant.objects.update(owner=owner)
    Connection.objects.update(blocked_at=timezone.now(), blocked_reason="Stop.")
    HostApp.objects.update(token="a token of theirs")
    operator.get(PAGE)
    with connection.cursor() as cursor:
        cursor.execute("SELECT value FROM portal_shared_cache")
        ((kept,),) = cursor.fetchall()
    held = base64.b64decode(kept)
    assert b"ida" in held
    assert owner.password.encode() not in held
    assert b"a token of theirs" not in held


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


def test_in_a_very_large_fleet_a_press_is_seen_at_once_in_the_rows_and_later_in_the_numbers(
    viewer: Client, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(numbers, "MANY", 1)
    strangers.make(2)
    Connection.objects.update(blocked_at=timezone.now(), blocked_reason="Stop.")
    viewer.get(PAGE)
    counted_at = timezone.now()
    clock.shift(6)
    Connection.objects.update(blocked_at=None, blocked_reason="")
    audit.note(AuditKind.PRESSED, "Retry", actor="mia")
    html = viewer.get(FRAGMENT).content.decode()
    assert "Stop." not in html
    assert "<strong>2</strong> Blocked" in html
    assert html.count(f'Counted <time class="moment" datetime="{counted_at.isoformat()}"') == 4
    clock.shift(5)  # another press does not make the numbers last
    audit.note(AuditKind.PRESSED, "Retry", actor="mia")
    html = viewer.get(FRAGMENT).content.decode()
    assert "Blocked" not in html
    assert "Counted <time" not in html


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
    answer = client.get(FRAGMENT, headers={HEADER: ",".join(marks(html))})
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


def number(html: str) -> tuple[str, ...]:
    """Return whether the number beside Attention is hidden, and the number itself."""
    (found,) = re.findall(r'id="menu-count-worklist" data-live-part( hidden)?>(\d+)<', html)
    return tuple(found)


def test_the_number_in_the_menu_is_renewed_with_its_card(
    viewer: Client, clock: time_machine.Traveller
) -> None:
    strangers.connected(range(2))
    Heartbeat.objects.create(worker="w", beat_at=timezone.now())
    html = viewer.get(PAGE).content.decode()
    for blocked_at in (timezone.now(), None):
        clock.shift(11)
        reason = "Stop." if blocked_at else ""
        before = number(html)
        Connection.objects.update(blocked_at=blocked_at, blocked_reason=reason)
        assert "attention" in again(viewer, html)[1]
        fresh = viewer.get(FRAGMENT, headers={HEADER: ",".join(marks(html))}).content.decode()
        html = viewer.get(PAGE).content.decode()
        assert number(fresh) == number(html) != before
    clock.shift(11)
    Heartbeat.objects.update(beat_at=timezone.now() - timedelta(hours=1))
    answer = viewer.get(FRAGMENT, headers={HEADER: ",".join(marks(html))}).content.decode()
    assert "vitals" in parts_of(answer)
    assert "menu-count-worklist" not in answer


def test_in_a_very_large_fleet_the_counts_above_a_list_are_at_most_ten_seconds_old(
    viewer: Client, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def counts() -> dict[str, int]:
        tallies = viewer.get(walk.page(Tenant, "changelist")).context["tallies"]
        return {each.label: each.count for each in tallies}

    strangers.make(2)
    Connection.objects.update(blocked_at=timezone.now(), blocked_reason="Stop.")
    assert counts()["Blocked"] == 2
    one = Connection.objects.all()[:1]
    Connection.objects.filter(pk__in=one).update(blocked_at=None, blocked_reason="")
    assert counts()["Blocked"] == 1
    monkeypatch.setattr(subjects, "MANY", 1)
    kept = counts()
    Connection.objects.update(blocked_at=None, blocked_reason="")
    clock.shift(9)
    assert counts() == kept
    clock.shift(2)
    assert "Blocked" not in counts()
