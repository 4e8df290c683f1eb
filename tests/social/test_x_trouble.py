"""A round when X refuses, limits, or fails."""

from typing import Any

import pytest
from pytest_django import Settings

from connect.clients import http
from social import (
    searching,
    x,
)
from social.models import (
    CallAllowance,
    CollectionRun,
    Handle,
    Post,
    RunOutcome,
    Search,
    Trigger,
)
from tests import cast
from tests.social.live_tenants import XSide, go_live
from tests.social.rounds import many, round_of

pytestmark = pytest.mark.django_db


def test_the_rate_limit_ends_a_round_and_the_next_round_continues(x_side: XSide) -> None:
    live = many(x_side, 3)
    x_side.behave(x_rate_limit=2)
    run = round_of()
    assert (run.outcome, run.searches_done, run.searches) == (RunOutcome.PARTIAL, 2, 3)
    assert "rate limit" in run.note
    assert len(live.bodies()) == 40
    x_side.behave(x_rate_limit=450)
    CallAllowance.objects.all().delete()
    assert round_of().posts_paid == 20
    assert len(live.bodies()) == 60


def test_the_cap_ends_a_round_and_what_was_found_is_written(
    x_side: XSide, settings: Settings
) -> None:
    settings.X_POSTS_PER_DAY = 45
    live = many(x_side, 4)
    run = round_of()
    assert (run.outcome, len(live.bodies())) == (RunOutcome.PARTIAL, 40)
    assert "X_POSTS_PER_DAY" in run.note
    assert x_side.bill["billed"] == 40


def test_a_cap_in_the_middle_of_a_search_is_taken_up_where_it_was(
    x_side: XSide, settings: Settings
) -> None:
    settings.X_POSTS_PER_DAY = 30
    live = go_live(cast.ACME, "acme", tweet_id=True)
    x_side.post_many(*(("acme", f"Post {number}") for number in range(50)))
    round_of()
    assert (len(live.bodies()), Search.objects.count()) == (30, 1)
    settings.X_POSTS_PER_DAY = 100
    assert round_of().posts_paid == 20
    assert len(live.bodies()) == 50
    assert x_side.bill["returned"] == 50


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_fails_the_round_at_once(x_side: XSide, status: int) -> None:
    many(x_side, 2)
    x_side.fault(status=status, body={"title": "No", "detail": "Not you"}, times=None)
    run = round_of()
    assert (run.outcome, run.calls) == (RunOutcome.FAILED, 1)
    assert f"X answered {status}: Not you" in run.note


def test_a_search_that_fails_holds_up_no_other(
    x_side: XSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tenants.http.peer.LIMITS", http.Limits(retries=0))
    live = many(x_side, 3)
    x_side.fault(status=503)
    run = round_of()
    assert (run.outcome, len(live.bodies())) == (RunOutcome.PARTIAL, 40)
    assert "repeated in the next run" in run.note
    assert round_of().posts_paid == 20
    assert len(live.bodies()) == 60


def test_when_x_is_down_three_searches_are_enough(
    x_side: XSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tenants.http.peer.LIMITS", http.Limits(retries=0))
    many(x_side, 6)
    x_side.fault(status=503, times=None)
    run = round_of()
    assert (run.outcome, run.calls) == (RunOutcome.FAILED, 3)


def test_a_handle_that_x_refuses_is_found_and_left_out(
    x_side: XSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = many(x_side, 1)
    poison = "handle_00000007"
    real = x.search

    def refuse(query: str, **more: Any) -> x.SearchPage:
        if poison in query:
            raise x.BadQuery("X", 400, "that user is not to be asked for")
        return real(query, **more)

    monkeypatch.setattr(x, "search", refuse)
    round_of()
    assert len(live.bodies()) == 19
    refused = Handle.objects.exclude(refused_at=None).get()
    assert (refused.name, refused.refusal) == (poison, "that user is not to be asked for")
    assert round_of().handles == 20
    assert Handle.objects.get(name=poison).cursor is None


def test_handles_are_not_refused_when_x_refuses_every_query(
    x_side: XSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(x_side, 3)

    def refuse(*_: Any, **__: Any) -> x.SearchPage:
        raise x.BadQuery("X", 400, "this endpoint has changed")

    monkeypatch.setattr(x, "search", refuse)
    run = round_of()
    assert (run.outcome, run.note) == (
        RunOutcome.FAILED,
        "X answered 400: this endpoint has changed.",
    )
    assert run.calls < 20
    assert not Handle.objects.exclude(refused_at=None).exists()


def test_a_search_of_many_pages_ends_in_time_and_is_taken_up(
    x_side: XSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    x_side.post_many(*(("acme", f"Post {number}") for number in range(250)))
    run = CollectionRun.objects.create(trigger=Trigger.SCHEDULE)
    first, second = (searching.SearchRunner(run, float("inf"), lambda: None) for _ in range(2))
    real = x.search

    def slow(*given: Any, **more: Any) -> x.SearchPage:
        page = real(*given, **more)
        first.until = 0
        return page

    monkeypatch.setattr(x, "search", slow)
    assert first.run({"acme"}) == searching.TIME_LIMIT_REACHED
    assert (run.posts_paid, Post.objects.count()) == (100, 100)
    assert second.run({"acme"}) == ""
    assert (run.posts_paid, Post.objects.count()) == (250, 250)
    assert x_side.bill["returned"] == 250
