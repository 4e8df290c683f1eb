"""Staff make roll-outs, watch them and control them; they bring back what drifted or accept it."""

from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, Group, User
from django.contrib.messages import get_messages
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from connect.mappings import drift
from connect.models import (
    Connection,
    Drift,
    DriftState,
    MappingTemplate,
    Rollout,
    RolloutItem,
    RolloutItemStatus,
    RolloutStatus,
    Stage,
    Tag,
)
from connect.rollouts import creating, items, lifecycle, waves
from portal import roles
from portal.actions import rollouts as rollout_actions
from portal.dashboard.cards import attention
from tenants.models import Tenant
from tests import cast, queue
from tests.connect import fleet as fleets
from tests.connect.fleet import Fleet
from tests.portal.admin import strangers, walk
from tests.portal.admin.conftest import SignIn, signed_in

pytestmark = pytest.mark.django_db
TRANSITIONS = {each.name: each for each in rollout_actions.ACTIONS}
FORM = {
    "kind": "mappings",
    "canary_size": "1",
    "wave_size": "10",
    "failure_limit": "10",
    "prune": "keep",
    "share": "100",
}


@pytest.fixture
def fleet(db: None, emulator: Any) -> Fleet:
    fleet = Fleet(emulator, fleets.version(fleets.FIRST))
    fleet.add(cast.ACME)
    fleet.add()
    return fleet


def make(client: Client, **data: Any) -> HttpResponse:
    second = MappingTemplate.objects.filter(version=2).first() or fleets.version(fleets.SECOND)
    given = {**FORM, "template": second.pk, **data}
    return client.post(walk.page(Rollout, "add"), given)  # type: ignore[return-value]


def control(client: Client, rollout: Rollout, name: str, **data: str) -> HttpResponse:
    url = reverse("admin:connect_rollout_act", args=[rollout.pk, name])
    return client.post(url, {"confirmed": "yes", **data})  # type: ignore[return-value]


def said(answer: HttpResponse) -> str:
    """Return what the next page will say, or the question that is asked again."""
    if answer.status_code == 200:
        return answer.content.decode()
    return " ".join(str(each) for each in get_messages(answer.wsgi_request))  # type: ignore[attr-defined]


def checked() -> Rollout:
    """Let every tenant of the only roll-out be checked."""
    for item in RolloutItem.objects.all():
        items.advance(item.pk)
    rollout = Rollout.objects.get()
    waves.advance_rollout(rollout.pk)
    rollout.refresh_from_db()
    return rollout


def test_a_roll_out_is_made_for_the_chosen_tenants(manager: Client, fleet: Fleet) -> None:
    tag = Tag.objects.create(name="pilot")
    tag.tenants.add(fleet.members[1].tenant)
    made = make(manager, tag=tag.pk)
    rollout = Rollout.objects.get()
    # There the check is followed, and the button Start appears.
    assert made["Location"] == walk.page(Rollout, "change", rollout.pk)
    assert (rollout.author, rollout.status) == ("mia", RolloutStatus.CHECKING)
    assert rollout.items.get().connection == fleet.members[1].connection


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"template": ""}, "Choose a version."),
        ({"kind": "api_version"}, "Choose an API version."),
        ({"kind": "api_version", "api_version": "new"}, "two or three digits"),
        ({"org_ids": "nonsense"}, "org_ids"),
        ({"org_ids": cast.BOREALIS["org_id"]}, "No such tenants"),
        ({"share": "0"}, "greater than or equal to 1"),
        ({"failure_limit": "101"}, "less than or equal to 100"),
        ({"wave_size": "0"}, "greater than or equal to 1"),
        ({"plan": "herokuconnect:none"}, "No live tenant without another open roll-out matches."),
    ],
)
def test_a_roll_out_that_makes_no_sense_is_not_made(
    manager: Client, fleet: Fleet, wrong: dict[str, str], complaint: str
) -> None:
    answer = make(manager, **wrong)
    assert answer.status_code == 200
    assert complaint in answer.content.decode()
    assert not Rollout.objects.exists()


def test_named_tenants_that_cannot_join_are_named_with_the_reason(
    manager: Client, fleet: Fleet
) -> None:
    acme, second = fleet.members
    third, fourth = fleet.add(), fleet.add()
    blocked = {"blocked_at": timezone.now(), "blocked_reason": "The org is a wrong one."}
    Connection.objects.filter(pk=second.connection.pk).update(**blocked)
    other = creating.create(Rollout(template=fleet.first, author="olga"), [third.connection])
    Connection.objects.filter(pk=fourth.connection.pk).update(stage=Stage.LOADING)
    named = [each.org_id for each in (acme, second, third, fourth)]
    answer = make(manager, org_ids="\n".join(named))
    rollout = Rollout.objects.latest("pk")
    page = unescape(manager.get(walk.page(Rollout, "change", rollout.pk)).content.decode())
    reasons = {
        "Fleet 2": "it is blocked: The org is a wrong one",
        "Fleet 3": f"roll-out {other.pk} is not done with it",
        "Fleet 4": "it is not live",
    }
    assert rollout.items.get().connection == acme.connection
    for name, why in reasons.items():
        assert f"Left out {name}: {why}." in said(answer)
        assert f"{name}: {why}" in page
    assert "Left out: 3 tenants." in page


def test_an_api_version_is_chosen_by_what_they_have_now(manager: Client, fleet: Fleet) -> None:
    page = manager.get(reverse("admin:connect_rollout_api_versions")).content.decode()
    assert "?kind=api_version&amp;api_version_now=60.0" in page
    answer = make(manager, kind="api_version", api_version="61", api_version_now="60.0")
    assert answer.status_code == 302
    rollout = Rollout.objects.get()
    assert (rollout.api_version, rollout.template, rollout.items.count()) == ("61.0", None, 2)


def test_the_page_shows_progress_and_each_tenant(viewer: Client, fleet: Fleet) -> None:
    second = fleets.version(fleets.SECOND)
    creating.create(Rollout(template=second, author="mia"), Connection.objects.all())
    rollout = checked()
    lifecycle.start(rollout.pk, "mia")
    answer = viewer.get(walk.page(Rollout, "change", rollout.pk))
    html = answer.content.decode()
    assert f'aria-label="{rollout}: 2 still to do"' in html
    assert "Fleet 2" in html
    assert 'data-live-every="5"' in html
    item = rollout.items.all()[0]
    html = viewer.get(walk.page(RolloutItem, "change", item.pk)).content.decode()
    assert "A new column is filled by reading 1 row again." in html


def test_a_roll_out_is_controlled_from_its_page(manager: Client, fleet: Fleet) -> None:
    make(manager)
    rollout = checked()
    for name, then in (
        ("start", RolloutStatus.RUNNING),
        ("pause", RolloutStatus.PAUSED),
        ("resume", RolloutStatus.RUNNING),
        ("cancel", RolloutStatus.CANCELLED),
    ):
        assert "done" in said(control(manager, rollout, name))
        rollout.refresh_from_db()
        assert rollout.status == then
    assert "it is cancelled" in said(control(manager, rollout, "start"))


def test_a_roll_back_is_asked_about_and_made(manager: Client, fleet: Fleet) -> None:
    make(manager)
    rollout = checked()
    rollout.items.update(status=RolloutItemStatus.DONE, came_from=fleet.first)
    Connection.objects.update(template=rollout.template)
    Rollout.objects.update(status=RolloutStatus.DONE)
    url = reverse("admin:connect_rollout_act", args=[rollout.pk, "roll_back"])
    assert "2 tenants: from Version 2 back to Version 1." in manager.get(url).content.decode()
    assert "Delete those that this roll-out added" in manager.get(url).content.decode()
    answer = control(manager, rollout, "roll_back", prune="all")
    # Nothing has been sent back yet.
    assert "“Roll back” is queued" in said(answer)
    back = Rollout.objects.get(rolls_back=rollout)
    assert (back.prune, back.items.count(), back.starts_itself) == ("all", 2, True)


def test_warnings_are_shown_before_the_start(manager: Client, fleet: Fleet) -> None:
    writing = fleets.version(fleets.document(Account=fleets.config(access="read_write")))
    make(manager, template=writing.pk)
    rollout = checked()
    url = reverse("admin:connect_rollout_act", args=[rollout.pk, "start"])
    asked = manager.get(url).content.decode()
    # Once, with the tenants that it is about, and not once for each tenant.
    assert asked.count("no-identifier") == 1
    assert "(2 tenants: " in asked
    assert "Fleet 2" in asked
    assert "I have read the warnings" in asked
    again = said(control(manager, rollout, "start"))
    assert "tick the box" in again
    assert again.count("no-identifier") == 1
    assert "done" in said(control(manager, rollout, "start", accept_warnings="on"))


def test_errors_of_the_check_cannot_be_accepted(manager: Client, fleet: Fleet) -> None:
    lacking = fleet.add(lacks_segment=True)
    make(manager)
    rollout = checked()
    url = reverse("admin:connect_rollout_act", args=[rollout.pk, "start"])
    asked = manager.get(url).content.decode()
    assert "I have read the warnings" not in asked
    assert f"Left out: 1 tenant. {lacking.tenant}: the check refused it: " in asked
    assert "The org does not have this" in asked
    control(manager, rollout, "start", accept_warnings="on")
    assert rollout.items.get(connection=lacking.connection).status == RolloutItemStatus.REFUSED


def test_a_skipped_tenant_shows_the_reason(manager: Client, fleet: Fleet) -> None:
    make(manager)
    rollout = checked()
    lifecycle.cancel(rollout.pk, "mia")
    html = manager.get(walk.page(Rollout, "change", rollout.pk)).content.decode()
    assert html.count("The roll-out was cancelled before its turn.") == 2


@pytest.mark.parametrize(
    ("facts", "do"),
    [
        ({"status": "failed", "blocked_kind": "paused"}, "Resume the connection."),
        ({"status": "failed", "blocked_kind": ""}, "Fix what the reason says, then retry."),
        ({"status": "refused"}, "Correct what the check names"),
    ],
)
def test_a_tenant_that_failed_names_what_to_do(
    manager: Client, fleet: Fleet, facts: dict[str, str], do: str
) -> None:
    creating.create(Rollout(template=fleet.first, author="mia"), Connection.objects.all())
    item = RolloutItem.objects.earliest("pk")
    RolloutItem.objects.filter(pk=item.pk).update(**facts, last_error="No.")
    for row in (item.rollout, item):
        html = manager.get(walk.page(type(row), "change", row.pk)).content.decode()
        assert do in html
        assert "Then press “Retry failed” on the roll-out&#x27;s page." in html


def test_retry_is_offered_only_where_a_tenant_failed(manager: Client, fleet: Fleet) -> None:
    make(manager)
    rollout = checked()
    lifecycle.start(rollout.pk, "mia")
    page = walk.page(Rollout, "change", rollout.pk)
    button = reverse("admin:connect_rollout_act", args=[rollout.pk, "retry"])
    assert button not in manager.get(page).content.decode()
    assert "no failed tenant" in said(control(manager, rollout, "retry"))
    rollout.items.filter(wave=0).update(status=RolloutItemStatus.FAILED)
    assert button in manager.get(page).content.decode()


def test_the_start_promises_no_canary_group_where_there_is_none(
    manager: Client, fleet: Fleet
) -> None:
    make(manager, canary_size="0")
    rollout = checked()
    url = reverse("admin:connect_rollout_act", args=[rollout.pk, "start"])
    asked = manager.get(url).content.decode()
    assert "canary" not in asked
    assert "The first wave starts at once." in asked


@pytest.mark.parametrize(
    ("statuses", "status", "tone", "label", "words"),
    [
        (["done", "done"], "done", "good", "Done", "2 done"),
        (["done", "failed"], "ended", "bad", "Ended, not all done", "1 done, 1 failed"),
        (["refused", "refused"], "refused", "bad", "Refused everywhere", "2 refused"),
        (["done", "skipped"], "cancelled", "muted", "Cancelled", "1 done, 1 skipped"),
        (["done", "ready"], "running", "busy", "Running", "1 done, 1 still to do"),
    ],
)
def test_page_and_list_show_the_same_result(
    viewer: Client,
    fleet: Fleet,
    statuses: list[str],
    status: str,
    tone: str,
    label: str,
    words: str,
) -> None:
    creating.create(Rollout(template=fleet.first, author="mia"), Connection.objects.all())
    rollout = Rollout.objects.get()
    for item, each in zip(rollout.items.all(), statuses, strict=True):
        RolloutItem.objects.filter(pk=item.pk).update(status=each)
    Rollout.objects.update(status=status)
    page = viewer.get(walk.page(Rollout, "change", rollout.pk)).content.decode()
    listed = viewer.get(walk.page(Rollout, "changelist")).content.decode()
    for html in (page, listed):
        assert f'<span class="badge badge-{tone}">{label}</span>' in html
        assert f'<span class="split-words">{words}</span>' in html
    lines = b"".join(viewer.get(walk.page(Rollout, "export")))
    counts = [str(statuses.count(each)) for each in ("done", "skipped", "refused", "failed")]
    assert f",{status},,2,{','.join(counts)},".encode() in lines


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        (roles.VIEWER, set()),
        (roles.OPERATOR, {"pause"}),
        (roles.MANAGER, set(TRANSITIONS)),
    ],
)
def test_each_role_has_its_transitions(sign_in: SignIn, role: str, allowed: set[str]) -> None:
    strangers.make(1)
    client, rollout = sign_in(role), Rollout.objects.get()
    answered = {name: control(client, rollout, name).status_code for name in TRANSITIONS}
    assert {name for name, status in answered.items() if status != 403} == allowed
    assert control(client, rollout, "explode").status_code == 404


def test_looking_at_a_button_changes_nothing(manager: Client) -> None:
    strangers.make(1)
    rollout = Rollout.objects.get()
    for name, each in TRANSITIONS.items():
        url = reverse("admin:connect_rollout_act", args=[rollout.pk, name])
        assert manager.get(url).status_code == (200 if each.asks else 302)
    rollout.refresh_from_db()
    assert rollout.status == RolloutStatus.DONE
    assert not rollout.events.exists()


# --- drift ----------------------------------------------------------------------------------------


@pytest.fixture
def drifted_row(fleet: Fleet) -> Drift:
    member = fleet.members[0]
    fleets.map_more(fleet, member, "Account", "Phone", "Website")
    return drift.compare(member.now())


def test_drift_is_a_state_of_the_tenant(viewer: Client, drifted_row: Drift) -> None:
    tenant = drifted_row.connection.tenant
    page = viewer.get(walk.page(Tenant, "change", tenant.pk)).content.decode()
    assert f'<a href="{walk.page(Drift, "change", drifted_row.pk)}">Drifted</a>' in page
    found = viewer.get(walk.page(Tenant, "changelist"), {"attention": "drifted"})
    assert list(found.context["cl"].result_list) == [tenant]


def on_drift(client: Client, row: Drift, name: str, **data: str) -> HttpResponse:
    url = reverse("admin:connect_drift_act", args=[row.pk, name])
    return client.post(url, {"confirmed": "yes", **data})  # type: ignore[return-value]


def test_drift_is_a_number_on_the_dashboard_a_list_and_a_comparison(
    viewer: Client, drifted_row: Drift
) -> None:
    index = viewer.get("/admin/").content.decode()
    assert "<strong>1</strong> Drifted from its mappings" in index
    drifted = viewer.get("/admin/tenants/tenant/?attention=drifted")
    assert drifted.context["cl"].result_count == 1
    html = viewer.get(walk.page(Drift, "change", drifted_row.pk)).content.decode()
    assert "Website" in html
    assert "The column and its values are removed from Postgres" in html
    assert "Bring back" not in html


def test_a_drift_is_accepted_with_a_reason(manager: Client, drifted_row: Drift) -> None:
    seen = {"fingerprint": drifted_row.fingerprint}
    assert "give a reason" in said(on_drift(manager, drifted_row, "accept", **seen))
    assert "Accepted" in said(on_drift(manager, drifted_row, "accept", reason="Agreed.", **seen))
    drifted_row.refresh_from_db()
    assert (drifted_row.state, drifted_row.accepted_by) == (DriftState.ACCEPTED, "mia")


def test_drifted_tenants_are_brought_back_one_by_one_or_together(
    operator: Client, drifted_row: Drift
) -> None:
    assert "was created for 1 of 1" in said(on_drift(operator, drifted_row, "bring_back"))
    data = {"action": "bring_back", "_selected_action": [drifted_row.pk], "confirmed": "yes"}
    answer = operator.post(walk.page(Drift, "changelist"), data)
    assert "free of other roll-outs" in said(answer)  # type: ignore[arg-type]
    assert Rollout.objects.get().author == "olga"


def test_only_those_who_may_act_on_drift(
    viewer: Client, operator: Client, drifted_row: Drift
) -> None:
    assert on_drift(viewer, drifted_row, "bring_back").status_code == 403
    assert on_drift(operator, drifted_row, "accept").status_code == 403
    assert on_drift(operator, drifted_row, "explode").status_code == 404
    url = reverse("admin:connect_drift_act", args=[drifted_row.pk, "bring_back"])
    assert operator.get(url)["Location"] == walk.page(Drift, "change", drifted_row.pk)


@pytest.fixture
def changed_org(fleet: Fleet) -> Drift:
    """A tenant whose org has lost a field that is mapped."""
    member = fleet.members[0]
    drift.compare(member.now())
    fleet.remove_field(member, "Account", "Phone")
    return drift.compare(member.now())


def test_a_change_in_the_org_is_shown_with_what_to_do(viewer: Client, changed_org: Drift) -> None:
    html = viewer.get(walk.page(Drift, "change", changed_org.pk)).content.decode()
    assert "Account.Phone is gone. The mapping stops with BAD_CONFIG." in html
    for name in ("compare", "correct_version", "correct"):
        assert on_drift(viewer, changed_org, name).status_code == 403


def test_one_click_makes_the_version_that_follows_the_org(
    manager: Client, changed_org: Drift
) -> None:
    url = reverse("admin:connect_drift_act", args=[changed_org.pk, "correct_version"])
    asked = unescape(manager.get(url).content.decode())
    assert "For this tenant: Account Phone: field removed. The column and its values" in asked
    answer = on_drift(manager, changed_org, "correct_version")
    made = MappingTemplate.objects.get(version=2)
    assert answer["Location"] == walk.page(MappingTemplate, "change", made.pk)
    assert "Phone" not in made.document["mappings"][0]["config"]["fields"]
    assert "corrected after a change in the org of" in made.notes
    assert Drift.objects.get().state == DriftState.DRIFTED


def test_one_tenant_is_compared_and_corrected_alone(manager: Client, changed_org: Drift) -> None:
    assert "is queued" in said(on_drift(manager, changed_org, "compare"))
    queue.drain()
    seen = {"fingerprint": changed_org.fingerprint, "reason": "Theirs is gone."}
    assert "is queued" in said(on_drift(manager, changed_org, "correct", **seen))
    queue.drain()
    after = Drift.objects.get()
    assert (after.state, after.org_changes) == (DriftState.ACCEPTED, [])
    assert MappingTemplate.objects.count() == 1


def test_a_tenant_whose_org_has_changed_is_not_brought_back(
    manager: Client, changed_org: Drift
) -> None:
    assert "what has changed is its org" in said(on_drift(manager, changed_org, "bring_back"))
    assert not Rollout.objects.exists()


def test_a_roll_out_whose_tenants_another_one_has_just_taken_keeps_what_was_typed(
    manager: Client, fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = creating.create

    def second(rollout: Rollout, connections: list[Connection], **given: Any) -> Rollout:
        create(Rollout(template=rollout.template, author="olga"), connections)
        return create(rollout, connections, **given)

    # Between the check of the form and the storing of its roll-out, somebody else is quicker.
    monkeypatch.setattr(creating, "create", second)
    answer = make(manager, notes="Typed here.")
    page = said(answer)
    assert "None of the chosen tenants is live and free of other roll-outs." in page
    assert "data-focus" in page
    assert "Typed here." in page


# --- a second person -----------------------------------------------------------------------------


def second_manager() -> Client:
    user = User.objects.create_user("noa", is_staff=True)
    user.groups.set([Group.objects.get(name=roles.MANAGER)])
    return signed_in(user)


def test_a_deletion_from_many_tenants_is_started_by_a_second_manager(
    manager: Client, fleet: Fleet, settings: Settings
) -> None:
    settings.TWO_PERSON_APPROVAL = True
    make(manager, prune="removed")
    rollout = checked()
    page = walk.page(Rollout, "change", rollout.pk)
    assert "somebody else than mia must start it" in manager.get(page).content.decode()
    (case,) = attention.of(AnonymousUser(), attention.read(timezone.now()), timezone.now())["cases"]
    assert (case.name, case.cause.name) == (str(rollout), "second_start")
    assert "a second person must start it" in said(control(manager, rollout, "start"))
    rollout.refresh_from_db()
    assert rollout.status == RolloutStatus.READY
    noa = second_manager()
    assert "done" in said(control(noa, rollout, "start"))
    rollout.refresh_from_db()
    assert rollout.status == RolloutStatus.RUNNING
    assert "must start it" not in noa.get(page).content.decode()


def test_a_roll_back_that_deletes_waits_for_a_second_manager_and_one_that_keeps_does_not(
    manager: Client, fleet: Fleet, settings: Settings
) -> None:
    settings.TWO_PERSON_APPROVAL = True
    make(manager)
    rollout = checked()
    rollout.items.update(status=RolloutItemStatus.DONE, came_from=fleet.first)
    Connection.objects.update(template=rollout.template)
    Rollout.objects.update(status=RolloutStatus.DONE)
    answer = control(manager, rollout, "roll_back", prune="removed")
    assert "a second person must start it after the check" in said(answer)
    back = Rollout.objects.get(rolls_back=rollout)
    assert not back.starts_itself
    back.items.all().delete()
    Rollout.objects.filter(pk=back.pk).delete()
    control(manager, rollout, "roll_back", prune="keep")
    assert Rollout.objects.get(rolls_back=rollout).starts_itself


@pytest.mark.parametrize(("prune", "count"), [("keep", 2), ("removed", 1)])
def test_the_author_starts_what_deletes_nothing_or_is_for_one_tenant(
    manager: Client, fleet: Fleet, settings: Settings, prune: str, count: int
) -> None:
    settings.TWO_PERSON_APPROVAL = True
    org_ids = "\n".join(Tenant.objects.values_list("org_id", flat=True)[:count])
    make(manager, prune=prune, org_ids=org_ids)
    assert "done" in said(control(manager, checked(), "start"))


def test_what_drifted_is_brought_back_by_two_people(
    manager: Client, fleet: Fleet, settings: Settings
) -> None:
    settings.TWO_PERSON_APPROVAL = True
    for connection in Connection.objects.all():
        Drift.objects.create(connection=connection, state=DriftState.DRIFTED)
    rows = list(Drift.objects.values_list("pk", flat=True))
    data = {"action": "bring_back", "_selected_action": rows, "confirmed": "yes"}
    answer = manager.post(walk.page(Drift, "changelist"), data)
    assert "a second person must start it" in said(answer)  # type: ignore[arg-type]
    assert not Rollout.objects.get().starts_itself
