"""What a list costs: as many queries at any length, and few of them."""

from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django.fixtures import Settings

from connect import holds
from connect.models import (
    ApiBudget,
    Connection,
    Incident,
    Rollout,
    RolloutItem,
    RolloutItemStatus,
    Stage,
)
from portal.admin.kit import filters, lists
from portal.dashboard.worklist import total
from portal.door import sessions
from tenants.models import RateBucket, Switch, Tenant
from tests.portal.admin import strangers, walk

pytestmark = pytest.mark.django_db

# The session, the person, all counts and choices, the rows, what is beside them, and one more.
MAX_QUERIES = 6
FILTERED = ("standing=live", "attention=any", "attention=blocked", "owner=me", "q=stranger", "p=1")


@pytest.fixture
def person(superuser: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Client:
    """Return the browser of somebody who sees every list and needs a second factor."""
    monkeypatch.setattr(sessions, "NOTE_EVERY", 3600)  # on a slow machine a minute passes here
    settings.SECOND_FACTOR_REQUIRED = True
    Authenticator.objects.create(user=User.objects.get(), type=Authenticator.Type.TOTP, data={})
    return superuser


def held_up() -> None:
    """Let everything that a list says of waiting connections be true of some."""
    now = timezone.now()
    live = list(Connection.objects.filter(stage=Stage.LIVE).order_by("pk"))
    Switch.objects.create(name="provisioning", on=False, why="Heroku is away", who="mia")
    ApiBudget.objects.update(remaining=0, seen_at=now)
    RateBucket.objects.create(key=holds.MAPPING_CALLS, tokens=0, filled_at=now)
    Incident.objects.create(kind="region", status="open", opened_at=now, region_url="https://r")
    running = Rollout.objects.create(author="mia", status="running", template=live[0].template)
    RolloutItem.objects.create(
        rollout=running, connection=live[0], wave=0, status=RolloutItemStatus.READY
    )
    _start_over(live[1:3])


def _start_over(connections: list[Connection]) -> None:
    """Let tenants wait for a place of their second generation."""
    for each in connections:
        Connection.objects.filter(pk=each.pk).update(
            stage=Stage.OFFBOARDED, offboarded_at=timezone.now() - timedelta(hours=1)
        )
        Connection.objects.create(
            tenant=each.tenant,
            generation=2,
            stage=Stage.CREATING_ADDON,
            schema_name=f"sf_{each.pk}",
        )


def addresses() -> list[str]:
    tenants = walk.page(Tenant, "changelist")
    return [*walk.every_list(), *(f"{tenants}?{query}" for query in FILTERED)]


def test_each_list_costs_six_queries_at_most_and_as_many_at_any_length(
    person: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    strangers.make(3)
    held_up()
    urls = walk.warm(person, addresses())
    cache.clear()
    monkeypatch.setattr(total, "KEPT_SECONDS", 0)  # each page counts for its menu too
    few = {url: walk.queries(person, url) for url in urls}
    assert {url: cost for url, cost in few.items() if cost > MAX_QUERIES} == {}
    monkeypatch.setattr(total, "KEPT_SECONDS", 3600)
    strangers.make(9, start=4)
    assert {url: walk.queries(person, url) for url in few} == few
    monkeypatch.setattr(lists, "MAX_COUNTED", 4)  # from there on rows are estimated, not counted
    assert {url: walk.queries(person, url) for url in few} == few


@pytest.mark.parametrize(("many", "asked"), [(0, 0), (99, 1)])
def test_only_of_very_many_the_fleet_is_not_judged_again(
    monkeypatch: pytest.MonkeyPatch, many: int, asked: int
) -> None:
    monkeypatch.setattr(filters, "MANY_IN_TROUBLE", many)
    strangers.make(3)
    held_up()
    found = filters.in_trouble_now(timezone.now())
    assert found
    with CaptureQueriesContext(database) as queries:
        assert filters.in_trouble_now(timezone.now()) == found
    assert len(queries) == asked


def test_a_viewers_list_costs_no_more(viewer: Client) -> None:
    strangers.make(2)
    url = walk.page(Tenant, "changelist")
    walk.warm(viewer, [url])
    assert walk.queries(viewer, url) <= MAX_QUERIES
