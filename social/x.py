"""X API v2: recent search, accounts, usage. Errors are those of connect.clients.http, and Capped.

X has renamed fields of posts in its newest documentation. We send the old names, which still work,
and read both.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from django.conf import settings

from connect.clients.http import Answer, ErrorBody, Peer, Permanent, RemoteError
from social import budget

SYSTEM = "X"
PATH = "/2/tweets/search/recent"
USERS_PATH = "/2/users/by"
USAGE_PATH = "/2/usage/tweets"
# No expansions: X may bill each account that comes along (social/authors.py).
FIELDS = {"tweet.fields": "created_at,author_id,public_metrics"}
MAX_USERS = 100  # X: names in one look-up
SPEND_CAP = "SpendCapReached"  # the title of a 403: the cap that is set in X's console
# X: the last 7 days, and a since_id before them is refused. A little less, as clocks differ.
WINDOW = timedelta(days=7) - timedelta(minutes=10)
INDEXING_DELAY = timedelta(seconds=30)  # X: a post may take so long to be found
# The first bits of a post's id are milliseconds since X's epoch, so ids can be compared with times.
EPOCH_MS = 1288834974657
SEQUENCE_BITS = 22


class Capped(Permanent):
    """X's own cap is reached or the credit is used up. More needs a payment."""


class BadQuery(Permanent):
    """X refuses this search; others may work."""


@dataclass(frozen=True)
class FoundPost:
    """A post as X returned it. `author_id` is the id of an account."""

    id: int
    author_id: str
    text: str
    posted_at: datetime
    likes: int
    reposts: int


@dataclass(frozen=True)
class SearchPage:
    """One answer: `returned` posts were billed, `next_token` is "" on the last page."""

    posts: list[FoundPost]
    returned: int
    next_token: str


@dataclass(frozen=True)
class User:
    """An account. `username` is as its owner spells it."""

    id: str
    username: str


@dataclass(frozen=True)
class Usage:
    """Posts that X has counted in its billing month, and its cap, if it names one."""

    posts: int
    cap: int | None


def id_at(moment: datetime) -> int:
    """Return the smallest id that a post of that moment can have."""
    return max(int(moment.timestamp() * 1000) - EPOCH_MS, 0) << SEQUENCE_BITS


def search(query: str, *, since_id: int, until_id: int, next_token: str = "") -> SearchPage:
    """Return a page of the posts with since_id < id < until_id, newest first.

    Raises social.budget.BudgetExceeded without calling, Capped, BadQuery, and RemoteError.
    """
    budget.count_call()
    # Before the call, because X bills what it returns, also if this process dies then.
    reserved = budget.reserve_posts()
    params = {
        "query": query,
        "since_id": str(since_id),
        "until_id": str(until_id),
        "max_results": str(reserved.posts),
        **FIELDS,
        **({"next_token": next_token} if next_token else {}),
    }
    try:
        answer = _call(_x(), PATH, params)
    except RemoteError as error:
        if error.status:  # without an answer X may still have billed posts
            reserved.release()
        raise
    page = _page(answer)
    reserved.release(all_but=page.returned)
    return page


def users(names: Iterable[str]) -> list[User]:
    """Return the accounts of at most MAX_USERS names; those that X does not know are left out.

    Raises Capped and RemoteError.
    """
    answer = _call(_lookups(), USERS_PATH, {"usernames": ",".join(names)})
    data = answer.document().raw.get("data")
    rows = data if isinstance(data, list) else []
    return [user for row in rows if isinstance(row, dict) and (user := _user(row))]


def usage() -> Usage | None:
    """Return what X itself counts, None where it does not offer it. Raises RemoteError."""
    try:
        answer = _call(_lookups(), USAGE_PATH, {})
    except Permanent as error:
        if error.status in (403, 404):
            return None
        raise
    data = answer.document().object_or_empty("data").raw
    posts = _number(data.get("project_usage"))
    return None if posts is None else Usage(posts, _number(data.get("project_cap")))


def _call(peer: Peer, path: str, params: Mapping[str, str]) -> Answer:
    try:
        return peer.call("GET", path, params=params)
    except Permanent as error:
        title = error.document.get("title") if isinstance(error.document, dict) else ""
        if title != SPEND_CAP:
            raise
        raise Capped(error.system, error.status, error.message, error.request_id) from error


class _X(Peer):
    def error_class(self, status: int, body: ErrorBody, *, safe: bool) -> type[RemoteError]:
        # Only the last part of a problem's type is compared; X has changed the host.
        problem = body.code.rsplit("/", 1)[-1]
        if status == 402 or problem == "usage-capped":
            return Capped
        if status == 400:
            return BadQuery
        return super().error_class(status, body, safe=safe)

    def on_response(self, headers: Mapping[str, str]) -> None:
        remaining = headers.get("x-rate-limit-remaining", "")
        reset = headers.get("x-rate-limit-reset", "")
        if re.fullmatch(r"[0-9]{1,9}", remaining) and re.fullmatch(r"[0-9]{9,11}", reset):
            budget.record_remaining(int(remaining), datetime.fromtimestamp(int(reset), UTC))


class _Lookups(_X):
    """X counts look-ups in windows of their own, so they say nothing of the searches left."""

    def on_response(self, headers: Mapping[str, str]) -> None:
        pass


def _x() -> Peer:
    return _peer(_X, settings.X_API_URL, settings.X_BEARER_TOKEN)


def _lookups() -> Peer:
    return _peer(_Lookups, settings.X_API_URL, settings.X_BEARER_TOKEN)


@lru_cache(maxsize=4)
def _peer(kind: type[_X], url: str, token: str) -> Peer:
    return kind(SYSTEM, url, token)


# --- reading an answer ---------------------------------------------------------------------------


def _page(answer: Answer) -> SearchPage:
    document = answer.document()
    data = document.raw.get("data")
    rows = [row for row in data if isinstance(row, dict)] if isinstance(data, list) else []
    posts = [post for row in rows if (post := _post(row))]
    token = document.object_or_empty("meta").identifier_or_blank("next_token", 500)
    return SearchPage(posts, len(rows), token)


def _user(row: dict[str, Any]) -> User | None:
    """Read an account; None if its id or name is unusable."""
    user_id, username = str(row.get("id")), row.get("username")
    if not re.fullmatch(r"[0-9]{1,20}", user_id) or not isinstance(username, str):
        return None
    return User(user_id, username) if re.fullmatch(r"\w{1,50}", username) else None


def _number(value: Any) -> int | None:
    """Read a count, which X writes as text."""
    text = str(value)
    return int(text) if re.fullmatch(r"[0-9]{1,15}", text) else None


def _post(row: dict[str, Any]) -> FoundPost | None:
    """Read a post; None if its id, time or author is unusable."""
    author_id = str(row.get("author_id"))
    post_id, text = str(row.get("id")), row.get("text")
    moment = _moment(row.get("created_at"))
    if not re.fullmatch(r"[0-9]{1,20}", author_id):
        return None
    if not re.fullmatch(r"[0-9]{1,19}", post_id) or not isinstance(text, str):
        return None
    # Larger ids do not fit into a bigint, and a whole page would fail with them.
    if moment is None or int(post_id) >= 2**63:
        return None
    metrics = row.get("public_metrics")
    counts = metrics if isinstance(metrics, dict) else {}
    reposts = counts.get("retweet_count", counts.get("repost_count"))
    return FoundPost(
        int(post_id), author_id, text, moment, _count(counts.get("like_count")), _count(reposts)
    )


def _moment(text: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _count(value: Any) -> int:
    # The column is an integer of 32 bits.
    return min(value, 2**31 - 1) if isinstance(value, int) and value > 0 else 0
