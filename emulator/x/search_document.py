"""The JSON document of a search's result."""

from collections.abc import Callable
from typing import Any

from emulator.state.entities import XPost
from emulator.state.world import World
from emulator.x.page_tokens import write_token
from emulator.x.parameters import Search


def search_document(
    world: World, search: Search, page: list[XPost], *, more: bool
) -> dict[str, Any]:
    """Show a page of posts; `more` says that others follow."""
    # Documented: without hits there is no `data`, not even an empty one.
    if not page:
        return {"meta": {"result_count": 0}}
    new_names = world.behaviour.x_new_names
    meta: dict[str, Any] = {
        "newest_id": page[0].id,
        "oldest_id": page[-1].id,
        "result_count": len(page),
    }
    if more:
        meta["next_token"] = write_token(int(page[-1].id))
    document: dict[str, Any] = {"data": [_post(each, search, new_names) for each in page]}
    if "author_id" in search.expansions:
        users = {each.author_id: each for each in page}
        document["includes"] = {"users": [_user(each, search) for each in users.values()]}
    return {**document, "meta": meta}


def _post(post: XPost, search: Search, new_names: bool) -> dict[str, Any]:
    # The guides and the newest OpenAPI document disagree about these names.
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
