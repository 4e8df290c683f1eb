"""A fleet with many in trouble, worked off by the keyboard alone, from the log-in on.

`make test` has a small fleet, `make thorough` one of 400 with 23 in trouble.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from connect.models import (
    Connection,
    Health,
    MappingTemplate,
    Rollout,
    RolloutStatus,
    Stage,
    WaitingOn,
)
from portal import bulk, roles
from portal.models import BulkItem, BulkRun
from tenants import timeline
from tenants.models import Event, EventKind, Proof, Tenant
from tests.browser import people
from tests.portal.admin import ready, rows, strangers

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
MAX_KEYS = 4  # for each assign-and-act
LONG = people.PATIENCE_SECONDS * 1000


class Fleet(NamedTuple):
    """How many tenants there are, how many of them need somebody, and how many roll-outs do."""

    size: int
    blocked: int
    unproven: int
    rollouts: int

    @property
    def tenants(self) -> int:
        return self.blocked + self.unproven

    @property
    def troubled(self) -> int:
        return self.tenants + self.rollouts


SMALL, WHOLE = Fleet(12, 5, 2, 1), Fleet(400, 14, 7, 2)


class Person:
    """A person without a mouse: counts the keys that are pressed and the pages that are loaded."""

    def __init__(self, page: Page) -> None:
        self.page, self.keys, self.loads = page, 0, 0
        page.on("load", self._loaded)

    def _loaded(self, page: Page) -> None:
        self.loads += 1

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
            self.keys += 1

    def heard(self, text: str) -> None:
        """Wait until the page has said what a press did."""
        expect(self.page.locator("#worklist-said")).to_contain_text(text, timeout=LONG)


def work_off() -> None:
    """Do what was pressed, as a worker would, without what follows from it at Heroku."""
    for pk in BulkRun.objects.filter(finished_at=None).values_list("pk", flat=True):
        bulk.work_off(pk)


@pytest.fixture
def fleet(transactional_db: None, request: pytest.FixtureRequest) -> Fleet:
    """Make the fleet; it is not due for any work."""
    size: Fleet = getattr(request, "param", SMALL)
    now = timezone.now()
    made = strangers.connected(range(size.size), next_attempt_at=None, live_at=now)
    Health.objects.bulk_create(
        Health(connection=each, condition="healthy", sampled_at=now, good_at=now) for each in made
    )
    keys = [each.pk for each in made]
    Connection.objects.filter(pk__in=keys[: size.blocked]).update(
        stage=Stage.LINKING,
        blocked_at=now - timedelta(hours=2),
        blocked_reason="Your account has no payment method.",
        waiting_on=WaitingOn.STAFF,
    )
    unproven = Connection.objects.filter(pk__in=keys[size.blocked : size.tenants])
    unproven.update(
        stage=Stage.WAITING_FOR_PROOF, waiting_on=WaitingOn.STAFF, waiting_for="approval by staff"
    )
    Tenant.objects.filter(connections__in=unproven).update(proof=Proof.NONE, proven_at=None)
    version = MappingTemplate.objects.create(version=1, document=rows.DOCUMENT)
    Rollout.objects.bulk_create(
        Rollout(
            template=version,
            author="mia",
            status=RolloutStatus.PAUSED,
            paused_by=timeline.PORTAL,
            pause_reason="Two of five tenants failed.",
        )
        for _ in range(size.rollouts)
    )
    return size


@pytest.fixture
def person(chromium: Browser, live_server: LiveServer, fleet: Fleet) -> Iterator[Person]:
    roles.ensure()
    User.objects.create_superuser("olga", password=people.PASSWORD)
    context = chromium.new_context(base_url=live_server.url)
    context.set_default_timeout(LONG)
    yield Person(context.new_page())
    context.close()
    ready.drop_schemas()


def log_in(person: Person) -> None:
    """Log in on the way to the worklist, as after a link in a mail."""
    person.page.goto("/admin/attention/")
    while not person.page.locator("#id_login:focus").count():
        person.press("Tab")
    person.page.keyboard.type("olga")
    person.press("Tab")
    person.page.keyboard.type(people.PASSWORD)
    person.press("Enter")
    expect(person.page.get_by_role("heading", level=1)).to_have_text("Attention", timeout=LONG)
    # The scripts have run, and the load is counted.
    person.page.wait_for_load_state("load")
    expect(person.page.get_by_label("Keyboard shortcuts")).to_be_visible(timeout=LONG)


@pytest.mark.parametrize(
    "fleet", [SMALL, pytest.param(WHOLE, marks=pytest.mark.every)], indirect=True
)
def test_a_fleet_is_worked_off_by_the_keyboard_without_leaving_the_page(
    person: Person, fleet: Fleet
) -> None:
    log_in(person)
    expect(person.page.locator(".case")).to_have_count(fleet.troubled, timeout=LONG)
    start, loads, acts = person.keys, person.loads, Counter[str]()
    for _ in range(fleet.troubled):
        before = person.keys
        person.press("j")
        row = person.page.locator(".case:focus")
        name = row.locator(".case-who a").inner_text()
        right = row.locator(".case-do [data-key=Enter]").inner_text().partition(":")[0].strip()
        person.press("a")
        person.heard(f"“Assign to me” is queued for {name}.")
        person.press("Enter")
        person.heard(f"“{right}” is {'done' if right == 'Resume' else 'queued'} for {name}.")
        acts[right] += 1
        assert person.keys - before <= MAX_KEYS
    work_off()
    expect(person.page.locator(".case-over")).to_have_count(fleet.troubled, timeout=LONG)
    expect(person.page.locator(".case-owner", has_text="olga")).to_have_count(
        fleet.troubled, timeout=LONG
    )
    assert acts == {
        "Retry provisioning": fleet.blocked,
        "Approve": fleet.unproven,
        "Resume": fleet.rollouts,
    }
    assert person.keys - start == 3 * fleet.troubled
    assert person.loads == loads
    # A roll-out is resumed at once, the rest by the worker; a retry ends with the next attempt.
    ended = Counter(BulkItem.objects.values_list("status", flat=True))
    assert ended == {
        "done": fleet.troubled + fleet.unproven,
        "started": fleet.blocked,
    }
    person.page.reload()
    expect(person.page.get_by_role("heading", name="Nothing needs attention")).to_be_visible(
        timeout=LONG
    )


def test_a_key_that_is_held_down_presses_once(person: Person) -> None:
    log_in(person)
    person.press("j")
    keyboard = person.page.keyboard
    keyboard.down("Enter")
    person.heard("“Retry provisioning” is queued")
    keyboard.down("Enter")  # what a key that is not let go says again
    keyboard.up("Enter")
    person.press("a")
    person.heard("“Assign to me” is queued")
    person.page.wait_for_load_state("networkidle")
    assert list(BulkRun.objects.order_by("pk").values_list("action", flat=True)) == [
        "retry",
        "assign",
    ]


def test_a_note_and_a_snooze_are_written_in_place_and_many_are_done_by_one_press(
    person: Person,
) -> None:
    log_in(person)
    loads, page = person.loads, person.page
    person.press("j", "n")
    expect(page.get_by_label("Note", exact=True)).to_be_focused(timeout=LONG)
    page.keyboard.type("They pay on Friday.")
    person.press("Control+Enter")
    person.heard("“Add a note” is queued")
    expect(page.locator(".case").first).to_be_focused(timeout=LONG)

    person.press("s")
    expect(page.get_by_role("heading", name="Snooze: ")).to_be_visible(timeout=LONG)
    page.get_by_label("Why").fill("Their bank is closed.")
    person.press("Enter")
    person.heard("“Snooze” is queued")
    work_off()
    expect(page.locator(".case").first).to_contain_text("Their bank is closed.", timeout=LONG)
    assert Event.objects.filter(kind=EventKind.NOTE, text="They pay on Friday.").count() == 1

    # It was the wrong row: the snooze is undone where it was pressed.
    expect(page.locator(".case").first.get_by_role("link", name="Undo…")).to_be_visible(
        timeout=LONG
    )
    person.press("u")
    expect(page.get_by_role("heading", name="Undo: Snooze: ")).to_be_visible(timeout=LONG)
    person.press("Enter")
    person.heard("“Undo” is queued")
    work_off()
    assert not Connection.objects.filter(snoozed_until__isnull=False).exists()

    # Two rows are selected; one press asks first, and then does both.
    person.press("j", "x", "j", "x")
    expect(page.locator("#selected")).to_have_text("2 selected:", timeout=LONG)
    person.press("Enter")
    expect(page.get_by_role("heading", name="Retry provisioning: 2 tenants")).to_be_visible(
        timeout=LONG
    )
    person.press("Enter")
    person.heard("“Retry provisioning” is queued for 2 tenants.")
    expect(page.locator("#selected")).to_have_text("Selected rows:", timeout=LONG)
    assert BulkRun.objects.filter(action="retry", total=2).count() == 1

    # What is refused leaves the selection as it is.
    person.press("x")
    page.locator(".case-pick input").last.check()
    person.press("Enter")
    person.heard("Nothing was done: these rows need different things")
    expect(page.locator("#selected")).to_have_text("2 selected:", timeout=LONG)
    page.locator("#select-all").check()
    page.locator("#select-all").uncheck()

    # A key does nothing while a question is open, nor after the keys were switched off.
    person.press("?")
    expect(page.locator("#keys-help")).to_be_visible(timeout=LONG)
    person.press("Escape")
    page.get_by_label("Keyboard shortcuts").uncheck()
    runs = BulkRun.objects.count()
    page.locator(".case").nth(5).focus()
    person.press("a", "Enter", "n")
    assert BulkRun.objects.count() == runs
    assert person.loads == loads
