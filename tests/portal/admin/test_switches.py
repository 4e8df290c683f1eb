"""The kill switches."""

import pytest
from django.test import Client

from tenants.models import Switch, SwitchName
from tests.portal.admin import rows, walk

pytestmark = pytest.mark.django_db


def turn(client: Client, name: str, **data: str) -> int:
    return client.post(walk.page(Switch, "change", name), data).status_code


def test_who_turned_it_off_is_taken_from_the_login(manager: Client) -> None:
    rows.switches()
    assert turn(manager, "provisioning", why="Heroku has an incident", who="somebody else") == 302
    switch = Switch.objects.get(name=SwitchName.PROVISIONING)
    assert (switch.on, switch.why, switch.who) == (False, "Heroku has an incident", "mia")


def test_off_needs_a_reason_and_on_does_not(manager: Client) -> None:
    rows.switches()
    assert turn(manager, "provisioning", why="") == 200
    assert not Switch.is_off(SwitchName.PROVISIONING)
    assert turn(manager, "provisioning", on="on", why="") == 302


def test_a_switch_that_was_never_touched_can_be_turned_off(manager: Client) -> None:
    url = walk.page(Switch, "add")
    data = {"name": "registrations", "why": "A flood of callouts"}
    assert manager.post(url, data).status_code == 302
    assert Switch.objects.get().who == "mia"


def test_there_are_no_more_switches_than_the_portal_knows(manager: Client) -> None:
    rows.switches()
    assert manager.get(walk.page(Switch, "add")).status_code == 403


def test_an_operator_sees_them_and_turns_none(operator: Client) -> None:
    rows.switches()
    assert operator.get(walk.page(Switch, "change", "provisioning")).status_code == 200
    assert turn(operator, "provisioning", why="No") == 403
    assert operator.post(walk.page(Switch, "add"), {}).status_code == 403
