"""What cannot be undone, or needs an answer: the questions, and what answers are accepted."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from pytest_django.asserts import assertContains

from connect.models import Connection, SchemaFate
from portal.actions import forms
from portal.admin.kit import actions
from portal.models import BulkRun
from tenants.models import Tenant
from tests.portal.admin import walk
from tests.portal.admin.pressing import ACTIONS, BOTH, answers, row_of, said, select
from tests.queue import queued

pytestmark = pytest.mark.django_db


DESTRUCTIVE = pytest.mark.parametrize(
    "name", [name for name, each in ACTIONS.items() if each.form is forms.EndForm]
)


@DESTRUCTIVE
@BOTH
def test_the_confirmation_keeps_the_schema_by_default(
    manager: Client, name: str, model: type[Tenant | Connection], five: dict[str, Tenant]
) -> None:
    row = row_of(model, five["acme"].connections.get())
    answer = manager.get(walk.page(model, "act", row.pk, name))
    keep = '<input type="radio" name="schema_fate" value="keep" required id="id_schema_fate_0"'
    assertContains(answer, f"{keep} checked>", html=True)
    assertContains(answer, "Acme &amp; Söhne &quot;West&quot;")


@DESTRUCTIVE
@pytest.mark.parametrize(
    "wrong",
    [
        {"schema_fate": ""},
        {"schema_fate": "burn"},
        {"typed": ""},
        {"typed": "Acme"},
        {"typed": 'acme & söhne "west"'},
        {"confirmed": ""},
    ],
)
def test_without_the_orgs_name_and_a_choice_it_asks_again(
    manager: Client, name: str, wrong: dict[str, str], five: dict[str, Tenant]
) -> None:
    url = walk.page(Tenant, "act", five["acme"].pk, name)
    given = {**answers(name, str(five["acme"])), **wrong}
    if not given["confirmed"]:
        del given["confirmed"]
    assert manager.post(url, given).status_code == 200
    assert not queued()


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"span": "other", "until": ""}, "Enter a time."),
        ({"span": "other", "until": "2020-01-01T08:00"}, "This time has passed."),
        ({"span": "other", "until": "9999-12-31T08:00"}, "Enter a time within a year."),
        (
            {"span": "4", "until": "2030-01-01T08:00"},
            "Choose “Until another time, given below”, or clear the time.",
        ),
        ({"note": ""}, "This field is required."),
        ({"span": "for ever"}, "not one of the available choices"),
    ],
)
@pytest.mark.parametrize("name", ["pause_until", "snooze"])
def test_a_time_and_a_reason_are_asked_for(
    operator: Client, name: str, given: dict[str, str], complaint: str, five: dict[str, Tenant]
) -> None:
    url = walk.page(Tenant, "act", five["acme"].pk, name)
    assertContains(operator.post(url, {**answers(name), **given}), complaint)
    assert not queued()


MONDAY = datetime(2026, 11, 23, 16, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("span", "now", "expected"),
    [
        ("4", MONDAY, datetime(2026, 11, 23, 20, 30, tzinfo=UTC)),
        ("168", MONDAY, datetime(2026, 11, 30, 16, 30, tzinfo=UTC)),
        ("morning", MONDAY, datetime(2026, 11, 24, 8, tzinfo=UTC)),
        ("monday", MONDAY, datetime(2026, 11, 30, 8, tzinfo=UTC)),
        ("monday", MONDAY - timedelta(days=1), datetime(2026, 11, 23, 8, tzinfo=UTC)),
        ("other", MONDAY, datetime(2027, 1, 1, tzinfo=UTC)),
    ],
)
def test_the_moment_that_was_chosen(span: str, now: datetime, expected: datetime) -> None:
    assert forms.moment(span, datetime(2027, 1, 1, tzinfo=UTC), now) == expected


def test_dropping_the_schema_is_an_explicit_choice(
    manager: Client, five: dict[str, Tenant]
) -> None:
    url = walk.page(Tenant, "act", five["acme"].pk, "offboard")
    manager.post(url, {**answers("offboard", str(five["acme"])), "schema_fate": "drop"})
    assert BulkRun.objects.get().options == {"schema_fate": SchemaFate.DROP}


def test_a_destructive_bulk_action_first_lists_all_tenants_and_what_it_skips(
    manager: Client, five: dict[str, Tenant]
) -> None:
    data = {"action": "offboard", "index": "0", "_selected_action": [t.pk for t in five.values()]}
    answer = manager.post(walk.page(Tenant, "changelist"), data)
    html = answer.content.decode()
    assert "Off-board: 4 tenants" in html
    skipped = html[html.index("Skipped: 1 of 5") :]
    assert skipped.index("1: it has no connection") < skipped.index("<strong>Ember AG</strong>")
    assert "To confirm, type: 4 tenants" in html
    chosen = [subject.tenant.pk for subject in answer.context["possible"]]
    assert all(f'name="_selected_action" value="{pk}"' in html for pk in chosen)
    assert not queued()


def test_a_destructive_bulk_action_has_a_maximum(
    manager: Client, five: dict[str, Tenant], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "MAX_DESTRUCTIVE", 2)
    text = said(select(manager, list(five.values())[:3], "offboard"))
    assert text == "Select 2 at the most for “Off-board”. Nothing was done."
    assert not BulkRun.objects.exists()
