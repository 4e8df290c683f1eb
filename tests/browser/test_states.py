"""Every cell of the tables in docs/reliability.md, walked in a real browser.

Of a connection's states, `make test` has one of each kind, CI and `make thorough` have all.
"""

from collections.abc import Hashable, Iterator
from itertools import count
from typing import Any

import pytest
from django.db.models import Model
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page

from connect import remedies
from connect.health import states as health_states
from connect.models import (
    COMMON,
    Connection,
    Health,
    Incident,
    IncidentKind,
    IncidentStatus,
    Mapping,
    MappingTemplate,
    Rollout,
    RolloutItem,
    RolloutItemStatus,
    RolloutStatus,
    Stage,
    WriteRepair,
)
from connect.standing import Facts, Standing
from portal.models import BulkItem, BulkItemStatus, BulkRun
from scripts.documents import states
from scripts.documents.states import NOTHING, ROWS, State, primary
from tenants import links, orgid
from tenants.models import GrantStatus, Proof, Tenant
from tests import cast, standings
from tests.kinds import one_of_each
from tests.portal.admin import rows

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
_numbers = count(1)
# What a page says, read at once: each further question to a browser costs time.
_STAFF = """() => ({
    headline: document.querySelector('#tenant-progress .notice h2').innerText,
    tone: document.querySelector('#tenant-progress .notice').className,
    primary: [...document.querySelectorAll('#tenant-do .button')]
        .filter(each => !/button-(muted|destructive)/.test(each.className))
        .map(each => each.innerText.replace('…', '')),
})"""
_SUBSCRIBER = """() => ({
    said: (document.querySelector('.turn h2') || document.querySelector('h1')).innerText,
    buttons: [...document.querySelectorAll('.turn .button')].map(each => each.innerText),
    live: document.body.innerText.includes('You are live'),
    ticks: document.querySelectorAll('.step.is-done').length,
})"""
_BADGES = """() => [...document.querySelectorAll('#result_list tbody tr')].map(row => ({
    text: row.innerText,
    badges: [...row.querySelectorAll('.badge')].map(each => [each.innerText, each.className]),
}))"""


def stranger(proof: Proof = Proof.SIGNED) -> Tenant:
    number = next(_numbers)
    org_id = orgid.normalize(f"00D8s{number:010d}")
    who = {"org_id": org_id, "name": f"State {number:03d}.", "admin_email": f"it@{number}.example"}
    return cast.enrol(who, proof=proof)


def read(window: Page, address: str, script: str) -> Any:
    window.goto(address, wait_until="domcontentloaded")
    return window.evaluate(script)


def listed(window: Page, model: type[Model]) -> Iterator[tuple[str, list[list[str]]]]:
    """Yield the text and the badges of each row of a list, page after page."""
    url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    pages = -(-model._default_manager.count() // 50)
    for number in range(1, pages + 1):
        for row in read(window, f"{url}?p={number}", _BADGES):
            yield row["text"], row["badges"]


# --- connections ---------------------------------------------------------------------------------


def store(facts: Facts, seen: Standing) -> Tenant:
    is_unproven = facts.stage == Stage.WAITING_FOR_PROOF
    tenant = stranger(Proof.NONE if is_unproven else Proof.SIGNED)
    standings.make(tenant, facts)
    standings.sign_in(tenant, seen)
    return tenant


def wrong_for_staff(window: Page, tenant: Tenant, seen: Standing) -> str:
    """Return what is wrong on the tenant's page, or ""."""
    url = reverse("admin:tenants_tenant_change", args=[tenant.pk])
    page = read(window, url, _STAFF)
    label = primary(seen.remedy)
    wanted = [] if label == NOTHING else [label]
    if not page["headline"].startswith(seen.headline.split(" until ")[0]):
        return f"the headline is {page['headline']}"
    if f"notice-{seen.tone}" not in page["tone"]:
        return f"the tone is {page['tone']}"
    return "" if page["primary"] == wanted else f"{page['primary']} stand out, not {wanted}"


def wrong_for_subscriber(window: Page, tenant: Tenant, seen: Standing, row: State) -> str:
    """Return what is wrong on the subscriber's page, or ""."""
    tenant.refresh_from_db()
    signed = links.signed_part(links.SIGN_IN, tenant)
    page = read(window, reverse("authenticate", args=[signed]), _SUBSCRIBER)
    is_live = "You are live" in row.subscriber
    buttons = [] if "*no button*" in row.subscriber else [row.subscriber.split("*")[1]]
    if page["said"] != seen.subscriber.headline:
        return f"the subscriber reads {page['said']}"
    if page["buttons"] != buttons:
        return f"the subscriber's buttons are {page['buttons']}"
    if page["live"] != is_live or (page["ticks"] == 4) != is_live:
        return "the page says live when it is not, or the other way round"
    return ""


def kinds(state: tuple[Facts, Standing]) -> set[Hashable]:
    """Return a state's tone, its primary button, and its headline for the subscriber."""
    _, seen = state
    return {
        ("tone", seen.tone),
        ("button", primary(seen.remedy)),
        ("headline", seen.subscriber.headline),
    }


@pytest.mark.parametrize("every", [False, pytest.param(True, marks=pytest.mark.every)])
def test_every_state_of_a_connection_is_said_as_the_table_says(window: Page, every: bool) -> None:
    chosen = standings.EVERY if every else one_of_each(standings.EVERY, kinds)
    made = [(store(facts, seen), seen) for facts, seen in chosen]
    table = {each.key: each for each in ROWS["connections"]()}
    faults = {}
    for tenant, seen in made:
        found = [
            wrong_for_staff(window, tenant, seen),
            wrong_for_subscriber(window, tenant, seen, table[seen.key]),
        ]
        if any(found):
            faults[seen.key] = [each for each in found if each]
    badges = dict(listed(window, Tenant))
    for tenant, seen in made:
        shown = next(found for text, found in badges.items() if tenant.name in text)
        wanted = [seen.label, f"badge badge-{seen.tone}"]
        if wanted not in shown:
            faults.setdefault(seen.key, []).append(f"the list's badges are {shown}")
    assert faults == {}


# --- everything else -----------------------------------------------------------------------------


@pytest.fixture
def live(db: None) -> Connection:
    """A connection that is well: what happens beside it changes nothing of what is said."""
    tenant = stranger()
    standings.grant(tenant)
    connection = standings.make(tenant, Facts(Stage.LIVE, timezone.now()))
    assert connection is not None
    MappingTemplate.objects.create(version=1, document=rows.DOCUMENT)
    return connection


def mappings(live: Connection) -> dict[str, Model]:
    known = {state: state for state in health_states.MAPPINGS} | {"any other": "NEVER_SEEN"}
    return {
        key: Mapping.objects.create(
            connection=live, object_name=f"Object_{key.replace(' ', '_')}", state=state
        )
        for key, state in known.items()
    }


def incidents(live: Connection) -> dict[str, Model]:
    def make(status: IncidentStatus, kind: IncidentKind, **facts: Any) -> Model:
        of = {"connection": None if kind in COMMON else troubled(kind)}
        facts = {"kind": kind, "status": status, "text": "Wrong.", **of, **facts}
        return Incident.objects.create(**facts)

    return {
        "suspected": make(IncidentStatus.SUSPECTED, IncidentKind.MAPPING),
        "closed": make(IncidentStatus.CLOSED, IncidentKind.MAPPING),
        "recovering": make(IncidentStatus.OPEN, IncidentKind.PAUSED, absent_since=timezone.now()),
        **{f"open.{kind}": make(IncidentStatus.OPEN, kind) for kind in IncidentKind},
    }


def troubled(kind: IncidentKind) -> Connection:
    tenant = stranger()
    is_lost = kind == IncidentKind.GRANT_LOST
    standings.grant(tenant, GrantStatus.REFUSED if is_lost else GrantStatus.ACTIVE)
    connection = standings.make(tenant, Facts(Stage.LIVE, timezone.now()))
    assert connection is not None
    return connection


def rollouts(live: Connection) -> dict[str, Model]:
    template = MappingTemplate.objects.get()
    made: dict[str, Model] = {}
    for status in RolloutStatus:
        reason = "Paused by mia." if status == RolloutStatus.PAUSED else ""
        facts = {"status": status, "pause_reason": reason}
        rollout = Rollout.objects.create(template=template, author="mia", **facts)
        if item := {"ended": "FAILED", "refused": "REFUSED"}.get(status):
            of = {"connection": live, "wave": 1, "status": RolloutItemStatus[item]}
            RolloutItem.objects.create(rollout=rollout, **of)
        made[status.value] = rollout
    return made


def rollout_items(live: Connection) -> dict[str, Model]:
    rollout = Rollout.objects.create(template=MappingTemplate.objects.get(), author="mia")
    made: dict[str, Model] = {}
    for status in RolloutItemStatus:
        of = rows.connection(stranger())
        made[status.value] = RolloutItem.objects.create(
            rollout=rollout, connection=of, wave=1, status=status
        )
    return made


def repairs(live: Connection) -> dict[str, Model]:
    return {
        row.key: WriteRepair.objects.create(
            connection=live, table_name="account", record_id=number, log_id=number, action="retry",
            actor="mia", cause=row.key, result="" if row.key == "in_progress" else row.key,
        )
        for number, row in enumerate(ROWS["repairs"]())
    }  # fmt: skip


def bulk_items(live: Connection) -> dict[str, Model]:
    run = BulkRun.objects.create(action="pause", label="Pause", actor="mia", total=9)
    return {
        status.value: BulkItem.objects.create(run=run, tenant=stranger(), status=status)
        for status in BulkItemStatus
    }


def runs(live: Connection) -> dict[str, Model]:
    made: dict[str, Model] = {}
    for key, (run, counts) in states.runs().items():
        run.save()
        statuses = [status for status, count in counts.items() for _ in range(count)]
        for status in statuses:
            BulkItem.objects.create(run=run, tenant=stranger(), status=status)
        made[key] = run
    return made


MAKERS = {
    "mappings": mappings,
    "incidents": incidents,
    "rollouts": rollouts,
    "rollout_items": rollout_items,
    "repairs": repairs,
    "runs": runs,
    "bulk_items": bulk_items,
}


@pytest.mark.parametrize("thing", MAKERS)
def test_every_state_of_anything_else_has_the_badge_of_the_table(
    window: Page, live: Connection, thing: str
) -> None:
    made = MAKERS[thing](live)
    table = {each.key: each for each in ROWS[thing]()}
    assert made.keys() == table.keys()
    model = type(next(iter(made.values())))
    shown = [tuple(badge) for _, found in listed(window, model) for badge in found]
    for row in table.values():
        word = "NEVER_SEEN" if row.key == "any other" else row.badge
        assert (word, f"badge badge-{row.tone}") in shown, row.key


def test_each_repair_says_what_to_do_as_the_table_says(window: Page, live: Connection) -> None:
    made = repairs(live)
    rows_of = [text for text, _ in listed(window, WriteRepair)]
    for row in ROWS["repairs"]():
        repair = made[row.key]
        assert isinstance(repair, WriteRepair)
        (shown,) = [text for text in rows_of if f"\t{repair.record_id}\t" in text]
        wanted = "-" if row.action == NOTHING else row.action
        assert wanted in shown.split("\t"), row.key


def test_each_incident_says_what_to_do_as_the_table_says(window: Page, live: Connection) -> None:
    made = incidents(live)
    for row in ROWS["incidents"]():
        incident = made[row.key]
        assert isinstance(incident, Incident)
        window.goto(reverse("admin:connect_incident_change", args=[incident.pk]))
        said = window.locator("#content").inner_text()
        assert remedies.of_incident(incident).in_words in said, row.key
        assert row.badge in window.locator("#content .badge").all_inner_texts(), row.key
        is_named = remedies.INCIDENTS[IncidentKind(incident.kind)].do in said
        assert is_named == row.key.startswith("open."), row.key


def test_each_incident_is_said_to_the_subscriber_as_the_table_says(
    window: Page, live: Connection
) -> None:
    made = incidents(live)
    for row in ROWS["incidents"]():
        incident = made[row.key]
        assert isinstance(incident, Incident)
        if incident.connection is None:
            assert row.subscriber == states.NOT_SHOWN, row.key
            continue
        signed = links.signed_part(links.SIGN_IN, incident.connection.tenant)
        page = read(window, reverse("authenticate", args=[signed]), _SUBSCRIBER)
        wanted = "You are live" if row.subscriber == states.NOT_SHOWN else row.subscriber
        assert wanted.startswith(page["said"]), row.key
        buttons = [] if "*no button*" in wanted or "*" not in wanted else [wanted.split("*")[1]]
        assert page["buttons"] == buttons, row.key


@pytest.mark.parametrize("thing", ["rollouts", "runs"])
def test_every_state_of_a_rollout_and_a_run_has_the_button_of_the_table(
    window: Page, live: Connection, thing: str
) -> None:
    made = MAKERS[thing](live)
    for row in ROWS[thing]():
        model = made[row.key]._meta
        view = f"admin:{model.app_label}_{model.model_name}_change"
        url = reverse(view, args=[made[row.key].pk])
        window.goto(url, wait_until="domcontentloaded")
        labels = [each.rstrip("…") for each in window.locator(".do .button").all_text_contents()]
        assert row.action == NOTHING or row.action in labels, row.key
        assert row.badge in window.locator("#content .badge").all_inner_texts(), row.key


@pytest.mark.parametrize("thing", ["rollout_items", "bulk_items"])
def test_every_state_of_an_item_has_the_button_of_the_table_on_its_whole(
    window: Page, live: Connection, thing: str
) -> None:
    for model in MAKERS[thing](live).values():
        assert isinstance(model, RolloutItem | BulkItem)
        row = next(each for each in ROWS[thing]() if each.key == model.status)
        labels = _buttons_beside(window, model)
        assert row.action == NOTHING or row.action.split(": ")[-1] in labels, row.key


def _buttons_beside(window: Page, item: RolloutItem | BulkItem) -> list[str]:
    """Return the buttons of the roll-out or run in which nothing but the item is left."""
    if isinstance(item, RolloutItem):
        whole: Rollout | BulkRun = item.rollout
        ended = item.status in (RolloutItemStatus.FAILED, RolloutItemStatus.REFUSED)
        Rollout.objects.update(status=RolloutStatus.ENDED if ended else RolloutStatus.RUNNING)
    else:
        whole = item.run
        BulkRun.objects.update(finished_at=timezone.now())
    view = f"admin:{whole._meta.app_label}_{whole._meta.model_name}_change"
    window.goto(reverse(view, args=[whole.pk]), wait_until="domcontentloaded")
    return [each.rstrip("…") for each in window.locator(".do .button").all_text_contents()]


def test_what_the_table_says_of_a_mapping_is_said_to_subscriber_and_staff(
    window: Page, live: Connection
) -> None:
    signed = links.signed_part(links.SIGN_IN, live.tenant)
    staff = reverse("admin:tenants_tenant_change", args=[live.tenant.pk])
    for row in {(each.subscriber, each.action): each for each in ROWS["mappings"]()}.values():
        state = "NEVER_SEEN" if row.key == "any other" else row.key
        condition = health_states.overall(health_states.IDLE, [state, health_states.SYNCED])
        Health.objects.filter(connection=live).update(condition=condition)
        page = read(window, reverse("authenticate", args=[signed]), _SUBSCRIBER)
        assert row.subscriber.startswith(page["said"]), row.key
        assert page["live"] == ("You are live" in row.subscriber)
        wanted = [] if row.action == NOTHING else [row.action]
        assert read(window, staff, _STAFF)["primary"] == wanted, row.key


def test_a_subscriber_reads_nothing_of_rollouts_repairs_and_actions(
    window: Page, live: Connection
) -> None:
    for thing in ("rollouts", "rollout_items", "repairs", "runs", "bulk_items"):
        MAKERS[thing](live)
    signed = links.signed_part(links.SIGN_IN, live.tenant)
    page = read(window, reverse("authenticate", args=[signed]), _SUBSCRIBER)
    assert (page["said"], page["live"], page["ticks"]) == ("You are live", True, 4)
