"""X's client against the emulated X: pages, names, limits, caps and every kind of refusal."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from connect.clients import http
from social import budget, x
from social.models import CallAllowance, Spend
from tests.social.live_tenants import XSide

pytestmark = pytest.mark.django_db


def search(query: str = "from:acme", next_token: str = "", **more: Any) -> x.SearchPage:
    """Search all that can be found now."""
    now = timezone.now()
    interval = {"since_id": x.id_at(now - x.WINDOW), "until_id": x.id_at(now - x.INDEXING_DELAY)}
    return x.search(query, **{**interval, **more}, next_token=next_token)


def spend() -> tuple[int, int]:
    """Today's calls and posts."""
    row = Spend.objects.get()
    return row.calls, row.posts


@pytest.mark.parametrize("new_names", [False, True])
def test_a_post_is_read_in_both_spellings(x_side: XSide, new_names: bool) -> None:
    x_side.behave(x_new_names=new_names)
    post_id = x_side.post("Acme", "Hello", likes=3, reposts=2)
    page = search()
    (post,) = page.posts
    assert (post.id, post.text) == (post_id, "Hello")
    assert [post.author_id] == [user.id for user in x.users(["acme"])]
    assert (post.likes, post.reposts) == (3, 2)
    assert abs(timezone.now() - post.posted_at - timedelta(minutes=1)) < timedelta(seconds=10)
    assert (page.returned, page.next_token) == (1, "")


def test_no_hits_are_an_empty_page_that_costs_nothing(x_side: XSide) -> None:
    assert search() == x.SearchPage([], 0, "")
    assert spend() == (1, 0)


def test_pages_are_followed_by_their_token(x_side: XSide) -> None:
    written = [x_side.post("acme", str(number), seconds_ago=300 - number) for number in range(110)]
    first = search()
    second = search(next_token=first.next_token)
    assert [len(first.posts), len(second.posts), second.next_token] == [100, 10, ""]
    assert [post.id for post in first.posts + second.posts] == written[::-1]
    assert spend() == (2, 110)


def test_an_id_and_a_moment_can_be_compared(x_side: XSide) -> None:
    before, after = (x_side.post("acme", "a", seconds_ago=ago) for ago in (300, 100))
    moment = timezone.now() - timedelta(seconds=200)
    assert before < x.id_at(moment) < after
    assert x.id_at(datetime(2006, 1, 1, tzinfo=UTC)) == 0


def test_the_rate_limit_is_kept_for_all_workers_and_asked_before_a_call(x_side: XSide) -> None:
    x_side.behave(x_rate_limit=1)
    search()
    row = CallAllowance.objects.get()
    assert row.remaining == 0
    assert timedelta() < row.resets_at - timezone.now() <= timedelta(minutes=15)
    with pytest.raises(budget.BudgetExceeded, match="rate limit is used up until"):
        search()
    assert x_side.bill["calls"] == 1
    CallAllowance.objects.update(resets_at=timezone.now())
    with pytest.raises(http.Retryable) as refused:  # its window ends later than we believed
        search()
    assert refused.value.status == 429
    assert CallAllowance.objects.get().remaining == 0


def test_a_worker_that_died_before_its_answer_has_still_used_a_call(x_side: XSide) -> None:
    search()
    before = CallAllowance.objects.get().remaining
    budget.count_call()
    assert CallAllowance.objects.get().remaining == before - 1


def test_the_day_cap_is_never_passed(x_side: XSide, settings: Settings) -> None:
    settings.X_POSTS_PER_DAY = 25
    for number in range(60):
        x_side.post("acme", str(number), seconds_ago=300 - number)
    first = search()
    assert first.returned == 25
    with pytest.raises(budget.BudgetExceeded, match="25 posts a day"):
        search(next_token=first.next_token)
    assert x_side.bill["billed"] == 25


def test_the_month_cap_counts_all_days_of_the_month(x_side: XSide, settings: Settings) -> None:
    today = datetime.now(UTC).date()
    settings.X_POSTS_PER_MONTH = 100
    other = today.replace(day=1) if today.day > 1 else today.replace(day=2)
    Spend.objects.create(day=other, posts=95)
    with pytest.raises(budget.BudgetExceeded, match="100 posts a month"):
        search()
    Spend.objects.update(day=other - timedelta(days=40))
    assert search().returned == 0


def test_posts_are_set_aside_before_the_answer_is_known(settings: Settings) -> None:
    settings.X_POSTS_PER_DAY = 150
    first, second = budget.reserve_posts(), budget.reserve_posts()
    assert (first.posts, second.posts) == (100, 50)
    with pytest.raises(budget.BudgetExceeded):
        budget.reserve_posts()
    first.release(all_but=30)
    assert spend() == (2, 80)


def test_what_was_not_billed_never_makes_the_spend_negative() -> None:
    aside = budget.reserve_posts()
    aside.release(all_but=3)
    budget.subtract(5)
    assert spend() == (1, 0)


PROBLEM = "https://api.twitter.com/2/problems/"


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (401, {"title": "Unauthorized", "type": "about:blank"}, http.Unauthorized, "Unauthorized"),
        (402, {"title": "CreditsDepleted", "detail": "Empty"}, x.Capped, "Empty"),
        (403, {"title": "SpendCapReached", "detail": "Spent"}, x.Capped, "Spent"),
        (
            403,
            {"title": "Client Forbidden", "type": f"{PROBLEM}client-forbidden"},
            http.Permanent,
            "Client Forbidden",
        ),
        (
            429,
            {"title": "UsageCapExceeded", "detail": "Cap", "type": f"{PROBLEM}usage-capped"},
            x.Capped,
            "Cap",
        ),
        (429, {"errors": [{"code": 88, "message": "Rate limit exceeded"}]}, http.Retryable, "Rate"),
        (400, {"title": "Invalid Request", "errors": [{"message": "too old"}]}, x.BadQuery, "old"),
    ],
)
def test_a_refusal_says_who_has_to_do_what(
    x_side: XSide, status: int, body: Any, kind: type[Exception], words: str
) -> None:
    x_side.fault(status=status, body=body, content_type="application/problem+json")
    with pytest.raises(kind, match=words):
        search()
    assert spend() == (1, 0)


def test_a_broken_answer_is_asked_for_again(x_side: XSide) -> None:
    x_side.post("acme", "Hello")
    x_side.fault(status=503)
    x_side.fault(html=True)
    assert search().returned == 1


def test_when_no_answer_comes_the_posts_count_as_spent(
    x_side: XSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tenants.http.peer.LIMITS", http.Limits(retries=0))
    x_side.post("acme", "Hello")
    x_side.fault(drop="after")
    with pytest.raises(http.Retryable):
        search()
    assert spend() == (1, 100)


@pytest.mark.parametrize(
    "damage",
    [
        {"author_id": "nobody"},
        {"id": "12a"},
        {"id": str(2**63)},
        {"text": None},
        {"created_at": "yesterday"},
        {"created_at": None},
    ],
)
def test_a_post_that_cannot_be_written_is_billed_and_left_out(
    x_side: XSide, damage: dict[str, Any]
) -> None:
    good = {
        "id": "1",
        "text": "Hello",
        "author_id": "7",
        "created_at": "2026-11-23T10:00:00.000Z",
        "public_metrics": {"like_count": "many"},
    }
    body = {"data": [good, {**good, **damage}, "junk"], "meta": {}}
    x_side.fault(body=body)
    page = search()
    assert [post.id for post in page.posts] == [1]
    assert page.posts[0].likes == 0
    assert page.returned == 2


def test_a_search_asks_for_no_expansion(x_side: XSide) -> None:
    x_side.post("acme", "Hello")
    search()
    assert (x_side.bill["billed"], x_side.bill["users"]) == (1, 0)


def test_accounts_are_found_by_name_and_unknown_ones_are_left_out(x_side: XSide) -> None:
    x_side.post("AcmeInc", "Hello")
    x_side.behave(x_unknown_users=["nobody"])
    found = x.users(["acmeinc", "nobody", "other"])
    assert [user.username for user in found] == ["AcmeInc", "other"]
    assert x_side.bill["users"] == 2
    x_side.behave(x_unknown_users=["nobody", "other"])
    assert x.users(["nobody", "other"]) == []


def test_a_look_up_says_nothing_of_the_searches_that_are_left(x_side: XSide) -> None:
    x.users(["acme"])
    assert not CallAllowance.objects.exists()


def test_xs_own_count_is_read_where_it_is_offered(x_side: XSide) -> None:
    x_side.post("acme", "Hello")
    search()
    assert x.usage() == x.Usage(posts=1, cap=3_000_000)
    x_side.behave(x_usage=False)
    assert x.usage() is None
    x_side.behave(x_usage=True)
    x_side.fault(path="/usage/", body={"data": {"project_usage": "many"}})
    assert x.usage() is None
    x_side.fault(path="/usage/", status=401, body={"title": "Unauthorized"})
    with pytest.raises(http.Unauthorized):
        x.usage()


@pytest.mark.parametrize(
    "row", [{"id": "7"}, {"id": "x", "username": "acme"}, {"id": "7", "username": "<b>"}, "junk"]
)
def test_an_account_that_cannot_be_used_is_left_out(x_side: XSide, row: Any) -> None:
    x_side.fault(path="/users/by", body={"data": [row, {"id": "7", "username": "acme"}]})
    assert x.users(["acme"]) == [x.User("7", "acme")]
