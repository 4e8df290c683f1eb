"""A round that is killed or fails, and the round after it."""

from typing import Any

import psycopg
import pytest

from social import (
    collection,
    handles,
    post_table,
    x,
)
from social.collection import CollectionRefused
from social.models import (
    CollectionRun,
    RunOutcome,
    Trigger,
)
from tests import cast
from tests.social.live_tenants import XSide, go_live
from tests.social.rounds import round_of

pytestmark = pytest.mark.django_db


class Killed(BaseException):
    """What a process that is killed does not get to handle."""


def test_killed_while_writing_and_run_again_every_post_is_there_once(
    x_side: XSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    acme = go_live(cast.ACME, "shared", "own")
    cirrus = go_live(cast.CIRRUS, "shared")
    x_side.post("shared", "Shared")
    x_side.post("own", "Own")
    real = post_table.write

    def die(tables: Any, rows: Any) -> post_table.WriteCounts:
        if tables.schema == cirrus.schema:
            raise Killed
        return real(tables, rows)

    monkeypatch.setattr(post_table, "write", die)
    with pytest.raises(Killed):
        round_of()
    assert (acme.bodies(), cirrus.bodies()) == (["Own", "Shared"], [])
    assert CollectionRun.objects.get().outcome == RunOutcome.INTERRUPTED
    monkeypatch.setattr(post_table, "write", real)
    run = round_of()
    assert (acme.bodies(), cirrus.bodies()) == (["Own", "Shared"], ["Shared"])
    assert (run.posts_paid, run.inserted) == (0, 1)
    assert x_side.bill["returned"] == 2


@pytest.mark.parametrize("page", [1, 2, 3])
def test_killed_between_two_pages_and_run_again_each_is_paid_for_once(
    x_side: XSide, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    live = go_live(cast.ACME, "acme", tweet_id=True)
    x_side.post_many(*(("acme", f"Post {number}") for number in range(250)))
    real, calls = x.search, iter(range(1, 100))

    def die(*given: Any, **more: Any) -> x.SearchPage:
        if next(calls) == page:
            raise Killed
        return real(*given, **more)

    monkeypatch.setattr(x, "search", die)
    with pytest.raises(Killed):
        round_of()
    assert live.posts() == []
    monkeypatch.setattr(x, "search", real)
    round_of()
    assert len(live.bodies()) == len(set(live.bodies())) == 250
    assert x_side.bill["returned"] == 250


def test_a_run_that_died_is_noted_by_the_next_one(x_side: XSide) -> None:
    dead = CollectionRun.objects.create(trigger=Trigger.SCHEDULE)
    round_of()
    dead.refresh_from_db()
    assert dead.outcome == RunOutcome.INTERRUPTED
    assert dead.finished_at is not None


def test_two_collections_never_run_at_once(x_side: XSide) -> None:
    with psycopg.connect(x_side.running.options.database_url, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [collection.LOCK])
        with pytest.raises(CollectionRefused, match="already"):
            round_of()
        other.execute("SELECT pg_advisory_unlock(%s)", [collection.LOCK])
    assert round_of().outcome == RunOutcome.DONE


def test_an_unexpected_error_fails_the_run_and_is_raised(
    x_side: XSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_live(cast.ACME, "acme")
    monkeypatch.setattr(handles, "query", lambda _names: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        round_of()
    run = CollectionRun.objects.get()
    assert (run.outcome, run.note) == (RunOutcome.FAILED, "ZeroDivisionError: division by zero")
