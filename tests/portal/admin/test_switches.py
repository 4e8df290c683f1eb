"""The kill switches: one page, turned by Managers alone, with who did it and why."""

import pytest
from django.contrib.messages import get_messages
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from connect import switches
from portal import roles
from tenants.models import KILL_SWITCHES, Switch
from tests.portal.admin import rows, walk
from tests.portal.admin.conftest import SignIn

pytestmark = pytest.mark.django_db
PAGE = walk.page(Switch, "changelist")


def turn(client: Client, name: str, to: str = "off", why: str = "") -> HttpResponse:
    address = reverse("admin:tenants_switch_act", args=[name, f"turn_{to}"])
    return client.post(address, {"confirmed": "yes", "why": why})  # type: ignore[return-value]


def said(answer: HttpResponse) -> str:
    return " ".join(str(each) for each in get_messages(answer.wsgi_request))  # type: ignore[attr-defined]


def html_of(client: Client) -> str:
    return " ".join(client.get(PAGE).content.decode().split())


def test_who_turned_it_off_is_taken_from_the_login(manager: Client) -> None:
    assert turn(manager, "provisioning", why="Heroku has an incident").status_code == 302
    switch = Switch.objects.get(name=switches.PROVISIONING.name)
    assert (switch.on, switch.why, switch.who) == (False, "Heroku has an incident", "mia")


def test_off_needs_a_reason_and_on_does_not(manager: Client) -> None:
    answer = turn(manager, "provisioning", why="  ")
    assert "Enter a reason. All staff will see it." in answer.content.decode()
    assert not switches.PROVISIONING.is_off()
    turn(manager, "provisioning", why="An incident")
    assert turn(manager, "provisioning", to="on").status_code == 302
    assert not switches.PROVISIONING.is_off()


def test_the_page_shows_every_switch_touched_or_not_and_what_it_stops(viewer: Client) -> None:
    html = html_of(viewer)
    for name, known in KILL_SWITCHES.items():
        assert f'id="switch-{name}">{known.label}</h2>' in html
        assert known.effect in html
    assert html.count('<span class="badge badge-good">On</span>') == len(KILL_SWITCHES)
    assert "Every change is kept here" in html


def test_every_turn_stays_in_the_history_with_the_reason(manager: Client) -> None:
    turn(manager, "registrations", why="A flood of callouts")
    turn(manager, "registrations", to="on", why="It was one broken package")
    html = html_of(manager)
    assert "Turned off: A flood of callouts" in html
    assert "Turned on: It was one broken package" in html
    assert html.count("<td>mia</td>") == 2


def test_a_second_user_does_not_replace_the_first_ones_reason(manager: Client) -> None:
    turn(manager, "registrations", why="A flood of callouts")
    answer = turn(manager, "registrations", why="Me too")
    assert said(answer).endswith("Skipped Registrations: it is already off. Nothing was changed.")
    assert Switch.objects.get().why == "A flood of callouts"


@pytest.mark.parametrize("role", [roles.VIEWER, roles.OPERATOR])
def test_all_see_them_and_managers_turn_them(sign_in: SignIn, role: str) -> None:
    client = sign_in(role)
    html = html_of(client)
    assert "Only Managers can turn switches on or off." in html
    assert "<button" not in html.partition('id="content-main"')[2].partition("</main>")[0]
    assert turn(client, "provisioning", why="No").status_code == 403
    assert not Switch.objects.exists()


def test_nothing_is_turned_by_a_link(manager: Client) -> None:
    address = reverse("admin:tenants_switch_act", args=["provisioning", "turn_off"])
    assert manager.get(address, {"confirmed": "yes", "why": "A prefetch"}).status_code == 200
    assert not Switch.objects.exists()


@pytest.mark.parametrize(
    ("name", "to", "status"), [("moon", "off", 404), ("provisioning", "x", 404)]
)
def test_what_is_no_switch_or_no_position_changes_nothing(
    manager: Client, name: str, to: str, status: int
) -> None:
    assert turn(manager, name, to=to, why="Hm").status_code == status
    assert not Switch.objects.exists()


def test_a_row_is_never_edited_beside_the_page(superuser: Client) -> None:
    rows.switches()
    url = walk.page(Switch, "change", "provisioning")
    assert superuser.post(url, {"on": "", "why": "x"}).status_code == 403
    assert superuser.get(walk.page(Switch, "add")).status_code == 403
