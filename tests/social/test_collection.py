"""A round from end to end: who is asked, what is paid, what arrives, and what if it fails."""

from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.utils import timezone
from pytest_django import Settings

from connect.clients import http
from social import (
    accounts,
    collection,
    handles,
    planning,
    post_table,
    searching,
    switches,
    tasks,
    x,
)
from social.collection import CollectionRefused, collect
from social.models import (
    CallAllowance,
    CollectionRun,
    Delivery,
    Handle,
    Post,
    RunOutcome,
    Search,
    Spend,
    TenantCollection,
    Trigger,
)
from tenants.models import Switch
from tests import cast
from tests.social.live_tenants import Live, XSide, go_live

pytestmark = pytest.mark.django_db


def round_of(**more: Any) -> CollectionRun:
    """Do a round."""
    return collect(Trigger.SCHEDULE, **more)


def result(run: CollectionRun, live: Live) -> TenantCollection:
    """What the run did for one tenant."""
    return TenantCollection.objects.get(run=run, connection=live.connection)


def test_posts_arrive_at_the_right_account_of_the_right_tenant(x_side: XSide) -> None:
    acme, cirrus = go_live(cast.ACME), go_live(cast.CIRRUS)
    (heroku,) = acme.add_accounts("@Heroku")
    (stratus,) = cirrus.add_accounts("https://x.com/stratus")
    x_side.post("Heroku", "Dynos!", likes=5, reposts=1)
    x_side.post("stratus", "Clouds")
    x_side.post("nobody", "Never asked for")
    run = round_of()
    assert acme.posts() == [(heroku, "Heroku", "Dynos!", 5.0, 1.0)]
    assert cirrus.posts() == [(stratus, "stratus", "Clouds", 0.0, 0.0)]
    assert (run.outcome, run.note) == (RunOutcome.DONE, "")
    assert (run.tenants, run.handles, run.searches, run.searches_done, run.calls) == (2, 2, 1, 1, 1)
    assert (run.posts_paid, run.inserted, run.updated) == (2, 2, 0)
    assert result(run, acme).inserted == 1


def test_a_handle_is_asked_for_once_however_many_tenants_share_it(x_side: XSide) -> None:
    tenants = [go_live(each, "shared") for each in (cast.ACME, cast.BOREALIS, cast.CIRRUS)]
    x_side.post("shared", "Hello")
    run = round_of()
    assert [each.bodies() for each in tenants] == [["Hello"]] * 3
    assert (run.calls, run.posts_paid, run.inserted) == (1, 1, 3)
    assert x_side.bill["billed"] == 1


def test_a_second_round_writes_nothing_and_pays_nothing(x_side: XSide) -> None:
    live = go_live(cast.ACME, *(f"handle{number}" for number in range(45)))
    x_side.post_many(*((f"handle{number}", f"Post {number}") for number in range(45)))
    first, second = round_of(), round_of()
    assert (first.searches, first.inserted) == (second.searches, 45)
    assert (second.calls, second.posts_paid, second.inserted, second.updated) == (
        first.calls,
        *(0, 0, 0),
    )
    assert x_side.bill["returned"] == 45
    assert len(live.log()) == 45
    assert not second.by_tenant.exists()


def test_only_what_is_new_is_paid_for(x_side: XSide) -> None:
    live = go_live(cast.ACME, "acme")
    x_side.post("acme", "Old", seconds_ago=300)
    round_of()
    x_side.post("acme", "New", seconds_ago=31)
    Handle.objects.update(cursor=x.id_at(timezone.now() - timedelta(seconds=200)))
    run = round_of()
    assert (run.posts_paid, run.inserted) == (1, 1)
    assert live.bodies() == ["New", "Old"]


def test_a_new_tenant_gets_what_others_have_paid_for(x_side: XSide) -> None:
    go_live(cast.ACME, "shared")
    x_side.post("shared", "Hello")
    round_of()
    late = go_live(cast.CIRRUS, "shared")
    run = round_of()
    assert (late.bodies(), run.posts_paid) == (["Hello"], 0)


def test_an_account_that_gets_a_known_handle_gets_its_posts(x_side: XSide) -> None:
    go_live(cast.ACME, "shared")
    late = go_live(cast.CIRRUS, "other")
    x_side.post("shared", "Hello")
    round_of()
    late.add_accounts("shared")
    assert round_of().posts_paid == 0
    assert late.bodies() == ["Hello"]


def test_all_pages_are_read(x_side: XSide) -> None:
    live = go_live(cast.ACME, "acme", tweet_id=True)
    x_side.post_many(*(("acme", f"Post {number}") for number in range(250)))
    run = round_of()
    assert (run.calls, run.posts_paid, run.inserted) == (3, 250, 250)
    assert len(set(live.bodies())) == 250
    assert not Search.objects.exists()


def test_counts_are_updated_by_the_last_look_of_the_day(
    x_side: XSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = go_live(cast.ACME, "acme")
    post_id = x_side.post("acme", "Hello", likes=1)
    round_of()
    x_side.control("PATCH", f"x/posts/{post_id}", {"likes": 40, "reposts": 2})
    # The test may run just after midnight, when the post is yesterday's.
    monkeypatch.setattr(planning, "_midnight", lambda now: now - timedelta(hours=1))
    run = round_of(recount=True)
    assert [row[2:] for row in live.posts()] == [("Hello", 40.0, 2.0)]
    assert (run.inserted, run.updated, run.posts_paid) == (0, 1, 0)
    assert x_side.bill["billed"] == Spend.objects.get().posts == 1


def test_hostile_handles_and_posts_do_no_harm(x_side: XSide) -> None:
    live = go_live(cast.ACME, "acme", "acme) OR (from:rich", "'; DROP TABLE account; --", "@")
    hostile = ["'); DROP TABLE tweet__c; --", "\u202eevil", "😀" * 5_000, '"q" \\N %s {}']
    for text in [*hostile, "nul\0", "\0"]:
        x_side.post("acme", text)
    run = round_of()
    assert sorted(live.bodies()) == sorted([*hostile[:2], "😀" * 255, hostile[3], "nul"])
    assert (run.handles, run.handles_refused, run.posts_dropped) == (1, 3, 1)
    reasons = [each["why"] for each in result(run, live).refused]
    assert len(reasons) == 3
    assert all(reasons)


# --- who gets nothing ----------------------------------------------------------------------------


def test_a_paused_tenant_costs_nothing_and_catches_up_when_it_is_resumed(x_side: XSide) -> None:
    live = go_live(cast.ACME, "mine", "shared")
    go_live(cast.CIRRUS, "shared")
    live.connection.state = "PAUSED"
    live.connection.save()
    x_side.post("mine", "Mine")
    x_side.post("shared", "Shared")
    run = round_of()
    assert (live.posts(), run.posts_paid, run.tenants_skipped) == ([], 1, 1)
    assert result(run, live).skipped == "it is paused"
    live.connection.state = "IDLE"
    live.connection.save()
    assert round_of().posts_paid == 1
    assert live.bodies() == ["Mine", "Shared"]


def test_a_read_only_mapping_is_not_written_to(x_side: XSide) -> None:
    live = go_live(cast.ACME, "acme")
    live.connection.mappings.filter(object_name="Tweet__c").update(access="read_only")
    x_side.post("acme", "Hello")
    run = round_of()
    assert (live.log(), run.calls) == ([], 0)
    assert "read_only" in result(run, live).skipped


def test_a_failure_of_one_tenant_does_not_stop_others(x_side: XSide) -> None:
    ember = {**cast.BOREALIS, "org_id": "00D7Q000000pQrSUAU", "name": "Ember AG"}
    acme, borealis, cirrus = (go_live(each, "shared") for each in (cast.ACME, cast.BOREALIS, ember))
    acme.rows("DROP TABLE {s}.account")  # not even readable
    borealis.rows("ALTER TABLE {s}.tweet__c DROP COLUMN body__c")  # not writable
    x_side.post("shared", "Hello")
    run = round_of()
    assert cirrus.bodies() == ["Hello"]
    assert (run.outcome, run.tenants_failed, run.inserted) == (RunOutcome.DONE, 2, 1)
    assert "account" in result(run, acme).error
    assert "body__c" in result(run, borealis).error
    borealis.rows("ALTER TABLE {s}.tweet__c ADD COLUMN body__c varchar(255)")
    run = round_of()
    assert (borealis.bodies(), run.posts_paid) == (["Hello"], 0)


def test_the_kill_switch_stops_a_round_before_the_next_search(
    x_side: XSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = go_live(cast.ACME, *(f"handle_{number:08d}" for number in range(40)))
    x_side.post_many(*((f"handle_{number:08d}", f"Post {number}") for number in range(40)))

    def off(run: CollectionRun) -> None:
        if run.searches_done:
            Switch.objects.update_or_create(name=switches.SOCIAL_JOB.name, defaults={"on": False})

    run = round_of(on_progress=off)
    assert (run.outcome, run.calls, len(live.bodies())) == (RunOutcome.PARTIAL, 1, 20)
    assert "kill switch" in run.note
    with pytest.raises(CollectionRefused, match="kill switch"):
        round_of()


def test_without_a_token_nothing_is_collected(settings: Settings) -> None:
    settings.X_BEARER_TOKEN = ""
    with pytest.raises(CollectionRefused, match="X_BEARER_TOKEN"):
        round_of()


# --- what X can do to a round --------------------------------------------------------------------


def many(x_side: XSide, searches: int) -> Live:
    """Acme with 20 Accounts for each search. Each of them has posted once."""
    names = [f"handle_{number:08d}" for number in range(20 * searches)]
    x_side.post_many(*((name, f"By {name}") for name in names))
    return go_live(cast.ACME, *names)


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
    monkeypatch.setattr("connect.clients.http.LIMITS", http.Limits(retries=0))
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
    monkeypatch.setattr("connect.clients.http.LIMITS", http.Limits(retries=0))
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


# --- deaths --------------------------------------------------------------------------------------


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


# --- the task ------------------------------------------------------------------------------------


def test_a_round_ends_in_time_and_queues_the_next(
    x_side: XSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = many(x_side, 2)
    queued: list[tuple[Any, ...]] = []
    monkeypatch.setattr(tasks, "enqueue", lambda *given: queued.append(given))
    monkeypatch.setattr(tasks, "SECONDS", 1e-6)
    assert "The time limit was reached" in tasks.collect()
    assert queued == [(tasks.collect, "schedule", "portal")]
    monkeypatch.setattr(tasks, "SECONDS", 60)
    assert "done" in tasks.collect()
    assert (len(live.bodies()), len(queued)) == (40, 1)


def test_the_task_returns_the_reason_when_nothing_was_collected(settings: Settings) -> None:
    settings.X_BEARER_TOKEN = ""
    assert "X_BEARER_TOKEN" in tasks.collect()


def test_expired_rows_are_pruned(x_side: XSide) -> None:
    live = go_live(cast.ACME, "acme")
    x_side.post("acme", "Hello")
    round_of()
    old = timezone.now() - timedelta(days=40)
    tasks.prune()
    assert (Post.objects.count(), CollectionRun.objects.count()) == (1, 1)
    Post.objects.update(seen_at=old)
    Handle.objects.update(asked_at=old)
    CollectionRun.objects.update(started_at=old)
    tasks.prune()
    assert not any(each.objects.exists() for each in (Post, Handle, CollectionRun))
    assert Delivery.objects.get().connection == live.connection
    assert round_of().inserted == 0


def test_reading_a_fleet_takes_one_query_a_tenant_and_four_in_all(
    x_side: XSide, django_assert_num_queries: Any
) -> None:
    go_live(cast.ACME, "acme")
    go_live(cast.CIRRUS, "cirrus")
    per_tenant = 4  # savepoint, limits, the read, release
    with django_assert_num_queries(2 + 2 * per_tenant):
        accounts.read_all()
