"""Who is chosen for a roll-out."""

import pytest

from connect.models import Connection, Stage, Tag
from connect.rollouts import choosing
from connect.rollouts.choosing import Choice
from tests.connect import fleet as fleets
from tests.connect.fleet import Fleet

pytestmark = pytest.mark.django_db


def names(choice: Choice) -> set[str]:
    return {each.tenant.name for each in choosing.choose(choice, "Version 2")}


def test_each_filter_narrows_the_choice(fleet: Fleet) -> None:
    one, two, three = fleet.add(), fleet.add(), fleet.add(plan="herokuconnect:demo")
    second = fleets.version(fleets.SECOND)
    Connection.objects.filter(pk=two.connection.pk).update(template=second, api_version="62.0")
    one.tenant.environment = "sandbox"
    one.tenant.save()
    tag = Tag.objects.create(name="pilot")
    tag.tenants.add(two.tenant, three.tenant)
    assert names(Choice()) == {"Fleet 1", "Fleet 2", "Fleet 3"}
    assert names(Choice(environment="sandbox")) == {"Fleet 1"}
    assert names(Choice(plan="herokuconnect:demo")) == {"Fleet 3"}
    assert names(Choice(version=second)) == {"Fleet 2"}
    assert names(Choice(api_version="62.0")) == {"Fleet 2"}
    assert names(Choice(tag=tag)) == {"Fleet 2", "Fleet 3"}
    assert names(Choice(tag=tag, tenants=[three.tenant.pk])) == {"Fleet 3"}


def test_only_live_tenants_that_nothing_blocks_are_chosen(fleet: Fleet) -> None:
    fleet.add()
    other = fleet.add()
    Connection.objects.filter(pk=other.connection.pk).update(stage=Stage.LOADING)
    assert names(Choice()) == {"Fleet 1"}


@pytest.mark.parametrize(("share", "count"), [(1, 1), (25, 1), (26, 2), (50, 2), (100, 4)])
def test_a_share_is_drawn_the_same_way_each_time(fleet: Fleet, share: int, count: int) -> None:
    for _ in range(4):
        fleet.add()
    chosen = names(Choice(share=share))
    assert len(chosen) == count
    assert names(Choice(share=share)) == chosen
