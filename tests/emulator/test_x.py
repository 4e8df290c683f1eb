"""The emulated X: recent search with every rule of its reference."""

from typing import Any

import pytest
import requests

from tests.emulator.client import Emulated

RECENT = "/x/2/tweets/search/recent"
FIELDS = {
    "tweet.fields": "created_at,author_id,public_metrics",
    "expansions": "author_id",
    "user.fields": "username",
}


def search(emulated: Emulated, query: str = "from:acme", **params: str) -> requests.Response:
    """Search with exactly these parameters."""
    return emulated.get(RECENT, params={"query": query, **params})


def write(emulated: Emulated, *texts: str, **more: Any) -> list[str]:
    """Let @acme post; return the ids, oldest first."""
    posts = [
        {"username": "acme", "text": text, "seconds_ago": 600 - number, **more}
        for number, text in enumerate(texts)
    ]
    return [each["id"] for each in emulated.control("x/posts", posts)]


def found(answer: requests.Response) -> list[str]:
    """The ids in an answer, newest first."""
    assert answer.status_code == 200, answer.text
    return [each["id"] for each in answer.json().get("data", [])]


def test_no_hits_have_no_data(emulated: Emulated) -> None:
    answer = search(emulated)
    assert answer.json() == {"meta": {"result_count": 0}}


def test_without_fields_a_post_is_its_id_and_text(emulated: Emulated) -> None:
    (post,) = write(emulated, "Hello")
    document = search(emulated).json()
    assert document["data"] == [{"id": post, "text": "Hello", "edit_history_tweet_ids": [post]}]
    assert document["meta"] == {"newest_id": post, "oldest_id": post, "result_count": 1}
    assert "includes" not in document


@pytest.mark.parametrize(
    ("new_names", "count", "history"),
    [
        (False, "retweet_count", "edit_history_tweet_ids"),
        (True, "repost_count", "edit_history_post_ids"),
    ],
)
def test_both_spellings_of_the_fields_are_known(
    emulated: Emulated, new_names: bool, count: str, history: str
) -> None:
    emulated.behave(x_new_names=new_names)
    write(emulated, "Hello", likes=3, reposts=2)
    document = search(emulated, **FIELDS).json()
    (post,) = document["data"]
    assert post["public_metrics"][count] == 2
    assert post["public_metrics"]["like_count"] == 3
    assert history in post
    (user,) = document["includes"]["users"]
    assert (user["id"], user["username"]) == (post["author_id"], "acme")


def test_pages_follow_each_other_without_gaps_or_repeats(emulated: Emulated) -> None:
    written = write(emulated, *(f"Post {number}" for number in range(25)))
    read: list[str] = []
    token: dict[str, str] = {}
    for size in (10, 10, 5):
        answer = search(emulated, max_results="10", **token)
        assert len(found(answer)) == size
        read += found(answer)
        token = {"next_token": answer.json()["meta"].get("next_token", "")}
    assert token == {"next_token": ""}
    assert read == written[::-1]


def test_since_and_until_exclude_their_own_posts(emulated: Emulated) -> None:
    first, second, third = write(emulated, "a", "b", "c")
    assert found(search(emulated, since_id=first)) == [third, second]
    assert found(search(emulated, since_id=first, until_id=third)) == [second]


def test_a_post_is_found_half_a_minute_after_it_was_written(emulated: Emulated) -> None:
    emulated.control("x/posts", {"username": "acme", "text": "now", "seconds_ago": 0})
    assert found(search(emulated)) == []
    emulated.advance(31)
    assert len(found(search(emulated))) == 1


def test_posts_older_than_seven_days_are_not_found(emulated: Emulated) -> None:
    (old,) = write(emulated, "old")
    emulated.advance(7 * 86_400)
    assert found(search(emulated)) == []
    refused = search(emulated, since_id=old)
    assert refused.status_code == 400
    assert "created after" in refused.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    ("query", "hits"),
    [
        ("from:acme", "abcd"),
        ("from:ACME -is:retweet", "abd"),
        ("(from:acme OR from:borealis) -is:retweet", "abde"),
        ("from:borealis", "e"),
        ("from:acme news -is:retweet", "a"),
        ('"big news"', "a"),
        ("#sale", "b"),
        ("@borealis", "d"),
        ("from:acme (today OR #sale)", "ab"),
        ("from:acme has:links", "d"),
        ("from:acme lang:de", "b"),
        ("to:borealis", "d"),
        ("from:nobody", ""),
    ],
)
def test_a_query_finds_the_posts_that_match(emulated: Emulated, query: str, hits: str) -> None:
    posts = {
        "a": {"username": "Acme", "text": "Big news today"},
        "b": {"username": "acme", "text": "Our #Sale", "lang": "de"},
        "c": {"username": "acme", "text": "RT: news", "kind": "retweet"},
        "d": {"username": "acme", "text": "@borealis https://x.example", "reply_to": "borealis"},
        "e": {"username": "borealis", "text": "Hello"},
    }
    ids = [each["id"] for each in emulated.control("x/posts", list(posts.values()))]
    names = dict(zip(ids, posts, strict=True))
    assert sorted(names[each] for each in found(search(emulated, query))) == list(hits)


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"query": ""}, "between 1 and 512"),
        ({"query": "a" * 513}, "between 1 and 512"),
        ({"query": "(from:acme"}, "missing ')'"),
        ({"query": "from:acme)"}, "no viable alternative"),
        ({"query": '"open'}, "quotation mark"),
        ({"query": "from:acme OR"}, "operand"),
        ({"query": "-is:retweet"}, "standalone"),
        ({"query": "from:acme -(a b)"}, "negated"),
        ({"query": "form:acme"}, "unknown"),
        ({"query": "from:"}, "no value"),
        ({"max_results": "9"}, "between 10 and 100"),
        ({"max_results": "101"}, "between 10 and 100"),
        ({"since_id": "12a"}, "not a post's id"),
        ({"since_id": "1" * 20}, "not a post's id"),
        ({"since_id": "1", "start_time": "2026-01-01T00:00:00Z"}, "in conjunction with"),
        ({"start_time": "yesterday"}, "last seven days"),
        ({"next_token": "!"}, "not valid"),
        ({"sort_order": "best"}, "recency or relevancy"),
        ({"previous_token": "b26v"}, "is not one of [query,"),
    ],
)
def test_a_wrong_parameter_is_refused_with_a_problem(
    emulated: Emulated, params: dict[str, str], words: str
) -> None:
    answer = emulated.get(RECENT, params={"query": "from:acme", **params})
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    document = answer.json()
    assert document["type"].rsplit("/", 1)[1] == "invalid-request"
    assert words in document["errors"][0]["message"]


def test_both_names_of_the_fields_parameter_are_accepted(emulated: Emulated) -> None:
    write(emulated, "Hello")
    for name in ("tweet.fields", "post.fields"):
        assert "author_id" in search(emulated, **{name: "author_id"}).json()["data"][0]


def test_the_rate_limit_refuses_calls_until_its_reset(emulated: Emulated) -> None:
    emulated.behave(x_rate_limit=2)
    left = [search(emulated).headers["x-rate-limit-remaining"] for _ in range(2)]
    assert left == ["1", "0"]
    refused = search(emulated)
    assert refused.status_code == 429
    assert refused.json()["type"] == "about:blank"
    reset = int(refused.headers["x-rate-limit-reset"])
    assert 0 < reset - emulated.world.clock.stamp <= 900
    assert "Retry-After" not in refused.headers
    emulated.advance(901)
    assert search(emulated).status_code == 200


def test_each_returned_post_is_billed_once_a_day(emulated: Emulated) -> None:
    write(emulated, "a", "b")
    search(emulated)
    search(emulated)
    bill = emulated.get("/control/x").json()
    assert (bill["calls"], bill["returned"], bill["billed"]) == (2, 4, 2)
    emulated.advance(86_400)
    search(emulated)
    assert emulated.get("/control/x").json()["billed"] == 4


def test_a_cap_and_an_empty_account_refuse_the_search(emulated: Emulated) -> None:
    write(emulated, "a", "b")
    search(emulated)
    emulated.behave(x_monthly_cap=2)
    capped = search(emulated)
    assert (capped.status_code, capped.json()["type"].rsplit("/", 1)[1]) == (429, "usage-capped")
    emulated.behave(x_monthly_cap=0, x_credit=2)
    empty = search(emulated)
    assert (empty.status_code, empty.json()["title"]) == (402, "CreditsDepleted")


def test_without_a_token_a_call_is_refused(emulated: Emulated) -> None:
    answer = emulated.get(RECENT, params={"query": "a"}, headers={"Authorization": ""})
    assert answer.status_code == 401
    assert answer.json() == {
        "title": "Unauthorized",
        "detail": "Unauthorized",
        "type": "about:blank",
        "status": 401,
    }


def test_posts_are_changed_and_deleted(emulated: Emulated) -> None:
    (post,) = write(emulated, "a")
    changed = emulated.call("PATCH", f"/control/x/posts/{post}", json={"likes": 7}).json()
    assert changed["likes"] == 7
    assert emulated.call("DELETE", f"/control/x/posts/{post}").status_code == 204
    assert emulated.get("/control/x/posts").json() == {"count": 0, "posts": []}
    assert emulated.call("PATCH", f"/control/x/posts/{post}", json={}).status_code == 404


def test_a_post_needs_its_author(emulated: Emulated) -> None:
    answer = emulated.post("/control/x/posts", json={"text": "a"})
    assert answer.status_code == 400


def test_accounts_are_found_by_name_and_billed_once_a_day(emulated: Emulated) -> None:
    emulated.behave(x_unknown_users=["nobody"])
    write(emulated, "Hello", username="AcmeInc")
    for _ in range(2):
        answer = emulated.get("/x/2/users/by", params={"usernames": "acmeinc,nobody"})
        assert [each["username"] for each in answer.json()["data"]] == ["AcmeInc"]
        assert [each["value"] for each in answer.json()["errors"]] == ["nobody"]
    assert emulated.get("/control/x").json()["users"] == 1
    wrong = emulated.get("/x/2/users/by", params={"usernames": "a b"})
    assert wrong.status_code == 400


def test_an_expansion_is_billed(emulated: Emulated) -> None:
    write(emulated, "Hello", "Again")
    search(emulated, **FIELDS)
    bill = emulated.get("/control/x").json()
    assert (bill["billed"], bill["users"]) == (2, 1)


def test_above_the_spend_cap_nothing_more_is_sold(emulated: Emulated) -> None:
    write(emulated, "Hello")
    emulated.behave(x_spend_cap=1)
    assert search(emulated).status_code == 200
    refused = search(emulated)
    assert (refused.status_code, refused.json()["title"]) == (403, "SpendCapReached")


def test_xs_own_count_is_offered_to_some_accounts(emulated: Emulated) -> None:
    write(emulated, "Hello")
    search(emulated)
    usage = emulated.get("/x/2/usage/tweets").json()["data"]
    assert (usage["project_usage"], usage["project_cap"]) == ("1", "3000000")
    emulated.behave(x_usage=False)
    assert emulated.get("/x/2/usage/tweets").status_code == 404
