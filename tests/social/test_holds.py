"""What holds collecting up is named on each of its pages; a reached cap needs attention."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from portal.dashboard.cards import attention
from social import budget, collection
from social.models import CallAllowance, CollectionRun, RunOutcome, Spend, Trigger
from tenants.models import Switch

pytestmark = pytest.mark.django_db

RUNS = "/admin/social/collectionrun/"
CAP = "The cap of 100 posts a day (X_POSTS_PER_DAY) is reached."


@pytest.fixture
def _capped(settings: Settings) -> None:
    settings.X_POSTS_PER_DAY = 100
    Spend.objects.create(day=datetime.now(UTC).date(), posts=95)


def run(outcome: RunOutcome, note: str = "") -> CollectionRun:
    ended = {"outcome": outcome, "finished_at": timezone.now()}
    return CollectionRun.objects.create(trigger=Trigger.SCHEDULE, note=note, **ended)


@pytest.mark.usefixtures("_capped")
def test_every_page_of_the_posts_names_switch_and_cap(viewer: Client) -> None:
    Switch.objects.create(name="social_job", on=False, why="Too dear", who="mia")
    done = run(RunOutcome.DONE)
    for url in (RUNS, f"{RUNS}{done.pk}/change/", "/admin/"):
        html = viewer.get(url).content.decode()
        assert "No posts are collected: the kill switch “Social job” is off: Too dear (mia)" in html
        assert CAP in html, url


def test_a_used_up_rate_limit_is_named_and_nothing_else() -> None:
    now = timezone.now()
    assert collection.holds(now) == []
    CallAllowance.objects.create(peer=budget.PEER, remaining=0, resets_at=now + timedelta(hours=1))
    (hold,) = collection.holds(now)
    assert "rate limit is used up until" in hold.text


def cases() -> list[tuple[str, str, Any]]:
    now = timezone.now()
    found = attention.of(AnonymousUser(), attention.read(now), now)["cases"]
    return [(case.cause.name, case.why, case.since) for case in found]


@pytest.mark.usefixtures("_capped")
def test_a_reached_cap_needs_attention_since_the_first_run_that_it_stopped(viewer: Client) -> None:
    run(RunOutcome.PARTIAL, CAP)
    run(RunOutcome.DONE)
    assert cases() == []
    first = run(RunOutcome.PARTIAL, CAP)
    run(RunOutcome.PARTIAL, CAP)
    assert cases() == [("capped", CAP, first.started_at)]
    listed = viewer.get(RUNS, {"attention": "capped"}).context["cl"]
    assert list(listed.result_list) == [first]
    Spend.objects.update(posts=10)
    assert cases() == []
