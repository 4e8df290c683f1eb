"""The parameters of a search, read and checked."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from emulator.web.call import Call
from emulator.x.invalid import refuse_parameter
from emulator.x.page_tokens import read_token
from emulator.x.post_ids import id_at
from emulator.x.query import BadQuery, Test, parse

RECENT = timedelta(days=7)
# A post is found after this time; it is also the default of end_time.
INDEXING = timedelta(seconds=30)
MIN_AGE_OF_END = timedelta(seconds=10)
MIN_PAGE, MAX_PAGE = 10, 100
PARAMETERS = (
    *("query", "start_time", "end_time", "since_id", "until_id", "max_results", "next_token"),
    *("pagination_token", "sort_order", "expansions", "tweet.fields", "post.fields"),
    *("media.fields", "poll.fields", "place.fields", "user.fields"),
)
ID = re.compile(r"[0-9]{1,19}")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")

Arguments = Mapping[str, str]


@dataclass
class Search:
    """A checked search. Its posts have ids between `after` and `before`, both excluded."""

    test: Test
    after: int
    before: int
    size: int
    post_fields: set[str] = field(default_factory=set)
    expansions: set[str] = field(default_factory=set)
    user_fields: set[str] = field(default_factory=set)


def read_search(call: Call) -> Search:
    """Read the parameters; answers 400 for a wrong one."""
    given, now = call.request.args, call.world.clock.now()
    # Observed: X refuses a parameter that it does not know, with this text.
    for name in given:
        if name not in PARAMETERS:
            known = ",".join(PARAMETERS)
            refuse_parameter(
                name, given[name], f"The query parameter [{name}] is not one of [{known}]"
            )
    if {"since_id", "until_id"} & set(given) and {"start_time", "end_time"} & set(given):
        text = "Invalid use of 'since_id' or 'until_id' in conjunction with"
        refuse_parameter(
            "since_id", given.get("since_id", ""), f"{text} 'start_time' or 'end_time'"
        )
    if given.get("sort_order", "recency") not in ("recency", "relevancy"):
        refuse_parameter("sort_order", given["sort_order"], "sort_order is recency or relevancy")
    after, before = _range(given, now)
    token = given.get("next_token") or given.get("pagination_token")
    if token:
        before = min(before, read_token(token))
    return Search(
        test=_query(call, given.get("query", "")),
        after=after,
        before=before,
        size=_size(given.get("max_results", "10")),
        # X's guides say tweet.fields, its newest OpenAPI document post.fields.
        post_fields=_listed(given, "tweet.fields") | _listed(given, "post.fields"),
        expansions=_listed(given, "expansions"),
        user_fields=_listed(given, "user.fields"),
    )


def _query(call: Call, query: str) -> Test:
    longest = call.world.behaviour.x_query_length
    if not 1 <= len(query) <= longest:
        text = f"The `query` query parameter length is not between 1 and {longest}: {len(query)}"
        refuse_parameter("query", query[:80], text)
    try:
        return parse(query)
    except BadQuery as bad:
        refuse_parameter("query", query, str(bad))


def _size(given: str) -> int:
    if not (given.isascii() and given.isdigit() and MIN_PAGE <= int(given) <= MAX_PAGE):
        text = f"The `max_results` query parameter value [{given}] is not between 10 and 100"
        refuse_parameter("max_results", given, text)
    return int(given)


def _range(given: Arguments, now: datetime) -> tuple[int, int]:
    """Return the ids between which the posts lie, both excluded."""
    oldest, newest = now - RECENT, now - INDEXING
    after, before = id_at(oldest) - 1, id_at(newest)
    for name in ("since_id", "until_id"):
        if name in given and not ID.fullmatch(given[name]):
            refuse_parameter(
                name, given[name], f"The `{name}` query parameter value is not a post's id"
            )
    if "since_id" in given:
        if int(given["since_id"]) < after:
            text = f"'since_id' must be a tweet id created after [{oldest:%Y-%m-%dT%H:%MZ}]"
            refuse_parameter("since_id", given["since_id"], text)
        after = int(given["since_id"])
    if "until_id" in given:
        before = min(before, int(given["until_id"]))
    if "start_time" in given:
        after = id_at(_moment(given, "start_time", oldest, now)) - 1
    if "end_time" in given:
        before = id_at(_moment(given, "end_time", oldest, now - MIN_AGE_OF_END))
    return after, before


def _moment(given: Arguments, name: str, first: datetime, last: datetime) -> datetime:
    text = given[name]
    try:
        moment = datetime.fromisoformat(text) if MOMENT.fullmatch(text) else None
    except ValueError:
        moment = None
    if moment is None or not first <= moment <= last:
        refuse_parameter(
            name, text, f"Invalid '{name}':'{text}'. It must lie within the last seven days."
        )
    return moment


def _listed(given: Arguments, name: str) -> set[str]:
    return {word for word in given.get(name, "").split(",") if word}
