"""X's API v2: recent search, with its limits, its paging, its bill and its ways to refuse."""

import base64
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NoReturn

from werkzeug.wrappers import Response

from emulator.heroku.heroku import bearer_accepted
from emulator.state.entities import BilledDay, RateWindow, XPost
from emulator.state.world import World
from emulator.web.web import Call, System, answer, refuse
from emulator.x.x_query import BadQuery, Test, parse

PROBLEMS = "https://api.x.com/2/problems/"
RECENT = timedelta(days=7)
SETTLES = timedelta(seconds=30)  # how long a post takes to be found, as in the default of end_time
# A post's id counts the milliseconds since this moment, 22 bits further left.
EPOCH_MS = 1288834974657
PARAMETERS = (
    *("query", "start_time", "end_time", "since_id", "until_id", "max_results", "next_token"),
    *("pagination_token", "sort_order", "expansions", "tweet.fields", "post.fields"),
    *("media.fields", "poll.fields", "place.fields", "user.fields"),
)
ID = re.compile(r"[0-9]{1,19}")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def _failed(status: int, description: str) -> Response:
    title = {404: "Not Found", 405: "Method Not Allowed"}.get(status, "Invalid Request")
    return problem(status, "about:blank", title, description or title)


def problem(code: int, kind: str, title: str, detail: str, **more: Any) -> Response:
    """Answer with a problem document; `kind` is the last part of its type, or the whole."""
    address = kind if ":" in kind else PROBLEMS + kind
    response = answer({**more, "title": title, "detail": detail, "type": address}, code)
    response.content_type = "application/problem+json"
    return response


def _before(call: Call) -> Response | None:
    if not bearer_accepted(call):
        return problem(401, "about:blank", "Unauthorized", "Unauthorized", status=401)
    return None


def _after(call: Call, response: Response) -> None:
    window = _window(call.world)
    if response.status_code != 401:
        limit = call.world.behaviour.x_rate_limit
        response.headers["x-rate-limit-limit"] = str(limit)
        response.headers["x-rate-limit-remaining"] = str(max(limit - window.calls, 0))
        response.headers["x-rate-limit-reset"] = str(int(window.ends_at))


SYSTEM = System("x", _failed, _before, _after)


# -- the rate limit and the bill -----------------------------------------------------------------


def _window(world: World) -> RateWindow:
    if world.clock.stamp >= world.x_window.ends_at:
        world.x_window = RateWindow(world.clock.stamp + world.behaviour.x_window_seconds)
    return world.x_window


def _take_call(world: World) -> None:
    window = _window(world)
    if window.calls >= world.behaviour.x_rate_limit:
        text = "Too Many Requests"
        refuse(problem(429, "about:blank", text, text, status=429))
    window.calls += 1


def _take_credit(world: World) -> None:
    behaviour, days = world.behaviour, world.all(BilledDay)
    if behaviour.x_credit and sum(len(each.posts) for each in days) >= behaviour.x_credit:
        refuse(problem(402, "credits", "CreditsDepleted", "Your credits are used up."))
    month = f"{world.clock.now():%Y-%m}"
    used = sum(len(each.posts) for each in days if each.id.startswith(month))
    if behaviour.x_monthly_cap and used >= behaviour.x_monthly_cap:
        text = "Usage cap exceeded: Monthly product cap"
        refuse(
            problem(
                429, "usage-capped", "UsageCapExceeded", text, period="Monthly", scope="Product"
            )
        )


def _bill(world: World, posts: Iterable[XPost]) -> None:
    """Bill each post once in a UTC day; `returned` counts those that were returned again too."""
    today = f"{world.clock.now():%Y-%m-%d}"
    day = world.get(BilledDay, today) or BilledDay(today)
    ids = [each.id for each in posts]
    day.calls += 1
    day.returned += len(ids)
    day.posts = sorted({*day.posts, *ids})
    world.put(day)


# -- recent search -------------------------------------------------------------------------------


@dataclass
class Search:
    """A search as asked for, checked."""

    test: Test
    after: int
    before: int
    size: int
    post_fields: set[str] = field(default_factory=set)
    expansions: set[str] = field(default_factory=set)
    user_fields: set[str] = field(default_factory=set)


@SYSTEM.route("/2/tweets/search/recent")
def recent(call: Call) -> Response:
    """Search the last seven days."""
    world = call.world
    with world.lock:
        _take_call(world)
        search = _read(call)
        _take_credit(world)
        found = [
            each
            for each in world.all(XPost)
            if search.after < int(each.id) < search.before and search.test(each)
        ]
        found.sort(key=lambda each: int(each.id), reverse=True)
        page, rest = found[: search.size], found[search.size :]
        _bill(world, page)
    return answer(_document(world, search, page, more=bool(rest)))


def id_at(moment: datetime) -> int:
    """Return the smallest id of a post written at that moment."""
    return max(int(moment.timestamp() * 1000) - EPOCH_MS, 0) << 22


def _read(call: Call) -> Search:
    given, now = call.request.args, call.world.clock.now()
    for name in given:
        if name not in PARAMETERS:
            known = ",".join(PARAMETERS)
            _invalid(name, given[name], f"The query parameter [{name}] is not one of [{known}]")
    if {"since_id", "until_id"} & set(given) and {"start_time", "end_time"} & set(given):
        text = "Invalid use of 'since_id' or 'until_id' in conjunction with"
        _invalid("since_id", given.get("since_id", ""), f"{text} 'start_time' or 'end_time'")
    if given.get("sort_order", "recency") not in ("recency", "relevancy"):
        _invalid("sort_order", given["sort_order"], "sort_order is recency or relevancy")
    after, before = _range(given, now)
    token = given.get("next_token") or given.get("pagination_token")
    if token:
        before = min(before, _untoken(token))
    return Search(
        test=_query(call, given.get("query", "")),
        after=after,
        before=before,
        size=_size(given.get("max_results", "10")),
        post_fields=_listed(given, "tweet.fields") | _listed(given, "post.fields"),
        expansions=_listed(given, "expansions"),
        user_fields=_listed(given, "user.fields"),
    )


def _query(call: Call, query: str) -> Test:
    longest = call.world.behaviour.x_query_length
    if not 1 <= len(query) <= longest:
        text = f"The `query` query parameter length is not between 1 and {longest}: {len(query)}"
        _invalid("query", query[:80], text)
    try:
        return parse(query)
    except BadQuery as bad:
        _invalid("query", query, str(bad))


def _size(given: str) -> int:
    if not (given.isascii() and given.isdigit() and 10 <= int(given) <= 100):
        text = f"The `max_results` query parameter value [{given}] is not between 10 and 100"
        _invalid("max_results", given, text)
    return int(given)


def _range(given: Any, now: datetime) -> tuple[int, int]:
    """Return the ids between which the posts lie, both excluded."""
    oldest, newest = now - RECENT, now - SETTLES
    after, before = id_at(oldest) - 1, id_at(newest)
    for name in ("since_id", "until_id"):
        if name in given and not ID.fullmatch(given[name]):
            _invalid(name, given[name], f"The `{name}` query parameter value is not a post's id")
    if "since_id" in given:
        if int(given["since_id"]) < after:
            text = f"'since_id' must be a tweet id created after [{oldest:%Y-%m-%dT%H:%MZ}]"
            _invalid("since_id", given["since_id"], text)
        after = int(given["since_id"])
    if "until_id" in given:
        before = min(before, int(given["until_id"]))
    if "start_time" in given:
        after = id_at(_moment(given, "start_time", oldest, now)) - 1
    if "end_time" in given:
        before = id_at(_moment(given, "end_time", oldest, now - timedelta(seconds=10)))
    return after, before


def _moment(given: Any, name: str, first: datetime, last: datetime) -> datetime:
    text = given[name]
    try:
        moment = datetime.fromisoformat(text) if MOMENT.fullmatch(text) else None
    except ValueError:
        moment = None
    if moment is None or not first <= moment <= last:
        _invalid(name, text, f"Invalid '{name}':'{text}'. It must lie within the last seven days.")
    return moment


def _listed(given: Any, name: str) -> set[str]:
    return {word for word in given.get(name, "").split(",") if word}


def _invalid(name: str, value: str, message: str) -> NoReturn:
    errors = [{"parameters": {name: [value]}, "message": message}]
    detail = "One or more parameters to your request was invalid."
    refuse(problem(400, "invalid-request", "Invalid Request", detail, errors=errors))


# -- what is answered ----------------------------------------------------------------------------


def _document(world: World, search: Search, page: list[XPost], *, more: bool) -> dict[str, Any]:
    if not page:
        return {"meta": {"result_count": 0}}
    new_names = world.behaviour.x_new_names
    meta: dict[str, Any] = {
        "newest_id": page[0].id,
        "oldest_id": page[-1].id,
        "result_count": len(page),
    }
    if more:
        meta["next_token"] = _token(int(page[-1].id))
    document: dict[str, Any] = {"data": [_post(each, search, new_names) for each in page]}
    if "author_id" in search.expansions:
        users = {each.author_id: each for each in page}
        document["includes"] = {"users": [_user(each, search) for each in users.values()]}
    return {**document, "meta": meta}


def _post(post: XPost, search: Search, new_names: bool) -> dict[str, Any]:
    history = "edit_history_post_ids" if new_names else "edit_history_tweet_ids"
    shown: dict[str, Any] = {"id": post.id, "text": post.text, history: [post.id]}
    metrics = {
        "repost_count" if new_names else "retweet_count": post.reposts,
        "reply_count": 0,
        "like_count": post.likes,
        "quote_count": 0,
        "bookmark_count": 0,
        "impression_count": 0,
    }
    more: dict[str, Callable[[], Any]] = {
        "created_at": lambda: f"{post.created_at:%Y-%m-%dT%H:%M:%S}.000Z",
        "author_id": lambda: post.author_id,
        "lang": lambda: post.lang,
        "public_metrics": lambda: metrics,
    }
    return shown | {name: make() for name, make in more.items() if name in search.post_fields}


def _user(post: XPost, search: Search) -> dict[str, Any]:
    more = {"verified": False} if "verified" in search.user_fields else {}
    name = post.username.title()
    return {"id": post.author_id, "name": name, "username": post.username, **more}


def _token(last_id: int) -> str:
    """Write where a page ended as X does: base32hex that says nothing to the reader."""
    return base64.b32hexencode(last_id.to_bytes(8, "big")).decode().rstrip("=").lower()


def _untoken(token: str) -> int:
    try:
        padded = token.upper() + "=" * (-len(token) % 8)
        return int.from_bytes(base64.b32hexdecode(padded), "big")
    except ValueError:
        _invalid("next_token", token, "The `next_token` query parameter value is not valid")
