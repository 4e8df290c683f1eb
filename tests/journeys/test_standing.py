"""Another org authorizes: what staff see, the one right action, and live in the end."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Group, User
from django.test import Client
from django.utils import timezone

import emulator as emulated
from connect import connections, standing
from connect.formats import counted
from connect.models import BlockedKind, Connection, SchemaFate, Stage
from connect.standing import Word
from portal import roles
from tenants.models import Message, MessageKind, Proof, Tenant
from tests import cast, queue
from tests.connect.journey import Journey
from tests.portal.admin import walk
from tests.portal.admin.conftest import signed_in
from tests.subscriber import Admin, new_org

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager() -> Client:
    roles.ensure()
    user = User.objects.create(username="mia", is_staff=True)
    user.groups.set([Group.objects.get(name=roles.MANAGER)])
    return signed_in(user)


@pytest.fixture
def wrong(emulator: emulated.Running) -> Journey:
    """Acme, whose admin chose the user of another org at Heroku Connect."""
    journey = Journey(emulator, cast.ACME, Proof.SIGNED)
    journey.reach(Stage.WAITING_FOR_AUTHORIZATION)
    other = Admin(journey.running, new_org(journey.running, cast.CIRRUS))
    other.client = journey.admin.client
    # Cirrus has no access to Acme's My Domain, so the subscriber must have used the general log-in.
    Tenant.objects.update(login_domain="")
    journey.tenant.refresh_from_db()
    other.authorize(journey.tenant)
    journey.advance()
    return journey


def page(client: Client, journey: Journey) -> Any:
    return client.get(walk.page(Tenant, "change", journey.tenant.pk))


def press(client: Client, journey: Journey, name: str, **answers: str) -> None:
    url = walk.page(Tenant, "act", journey.tenant.pk, name)
    client.post(url, {"confirmed": "yes", **answers})
    queue.drain()
    journey.connection.refresh_from_db()


def test_the_wrong_org_is_blocked_and_starting_over_ends_live(
    manager: Client, wrong: Journey
) -> None:
    seen = page(manager, wrong).context
    assert seen["standing"].headline == "Blocked: Another org was authorized"
    first = [each for each in seen["buttons"] if each.weight == ""]
    assert [each.label for each in first] == ["Start over"]
    phrase = {"typed": str(wrong.tenant), "schema_fate": SchemaFate.DROP.value}
    press(manager, wrong, "start_over", **phrase)
    wrong.reach(Stage.OFFBOARDED)
    # The next generation, authorized by the right org this time.
    second = connections.current(wrong.tenant)
    assert second is not None
    wrong.connection = second
    assert standing.of(wrong.reach(Stage.LIVE)).word == Word.LIVE
    assert page(manager, wrong).context["standing"].label == "Live"


def test_the_remedy_does_not_repeat_the_reason_that_stands_before_it(wrong: Journey) -> None:
    seen = standing.of(wrong.connection)
    assert seen.reason.endswith("Nothing was imported.")
    assert "can never change its org" in seen.remedy.do


def test_a_retry_of_the_wrong_org_neither_looks_new_nor_mails_again(
    manager: Client, wrong: Journey
) -> None:
    since = wrong.connection.blocked_at
    assert since is not None
    for days in (1, 2):
        with time_machine.travel(timezone.now() + timedelta(days=days)):
            manager.force_login(User.objects.get())  # the session of yesterday is over
            press(manager, wrong, "retry")
            assert wrong.advance().blocked_kind == BlockedKind.WRONG_ORG
            assert page(manager, wrong).context["standing"].since == since
            assert f">{counted(days, 'day')}</time>" in manager.get("/admin/").content.decode()
    assert Message.objects.filter(kind=MessageKind.BLOCKED).count() == 1
    assert Connection.objects.get().blocked_at == since
