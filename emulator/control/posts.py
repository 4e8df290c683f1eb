"""/control/x: posts on the emulated X, and what it has billed."""

from datetime import datetime, timedelta
from typing import Any

from werkzeug.wrappers import Response

from emulator.control.system import SYSTEM, reject
from emulator.state.entities import BilledDay, XPost
from emulator.state.world import World
from emulator.times import iso
from emulator.web.answers import answer
from emulator.web.call import Call
from emulator.x.accounts import account_id
from emulator.x.post_ids import id_at

KINDS = ("post", "retweet", "reply", "quote")


@SYSTEM.route("/x")
def bill(call: Call) -> Response:
    """Show searches, posts returned, posts and accounts billed, by UTC day and in all."""
    world = call.world
    days = {
        each.id: {
            "calls": each.calls,
            "returned": each.returned,
            "billed": len(each.posts),
            "users": len(each.users),
        }
        for each in world.all(BilledDay)
    }
    names = ("calls", "returned", "billed", "users")
    total = {name: sum(each[name] for each in days.values()) for name in names}
    return answer({"posts": len(world.all(XPost)), **total, "days": days})


@SYSTEM.route("/x/posts")
def posts(call: Call) -> Response:
    """List the posts, oldest first."""
    found = [post_json(each) for each in call.world.all(XPost)]
    return answer({"count": len(found), "posts": found})


@SYSTEM.route("/x/posts", "POST")
def write(call: Call) -> Response:
    """Write a post {username, text, seconds_ago?, likes?, reposts?, kind?, lang?}, or a list."""
    body = call.any_json()
    made = [publish(call.world, each) for each in (body if isinstance(body, list) else [body])]
    shown = [post_json(each) for each in made]
    return answer(shown if isinstance(body, list) else shown[0], 201)


@SYSTEM.route("/x/posts/<post_id>", "PATCH", "DELETE")
def one_post(call: Call, post_id: str) -> Response:
    """Change likes and reposts of a post, or delete it."""
    world = call.world
    post = world.get(XPost, post_id)
    if post is None:
        reject(404, "no such post")
    if call.request.method == "DELETE":
        world.drop(post)
        return Response(status=204)
    body = call.json()
    post.likes = int(body.get("likes", post.likes))
    post.reposts = int(body.get("reposts", post.reposts))
    world.put(post)
    return answer(post_json(post))


def publish(world: World, given: dict[str, Any]) -> XPost:
    """Write a post; the default of a minute ago means that a search finds it at once."""
    username, kind = str(given.get("username") or ""), str(given.get("kind", "post"))
    if not username or kind not in KINDS:
        reject(400, f"username is missing, or kind is not one of {', '.join(KINDS)}")
    moment = world.clock.now() - timedelta(seconds=float(given.get("seconds_ago", 60)))
    with world.lock:
        post = XPost(
            id=str(_free_id(world, moment)),
            username=username,
            author_id=account_id(username),
            text=str(given.get("text", "")),
            created_at=moment,
            likes=int(given.get("likes", 0)),
            reposts=int(given.get("reposts", 0)),
            kind=kind,
            lang=str(given.get("lang", "en")),
            reply_to=str(given.get("reply_to", "")),
        )
        world.put(post)
    return post


def _free_id(world: World, moment: datetime) -> int:
    # Several posts may be written in the same millisecond.
    number = id_at(moment)
    while world.get(XPost, str(number)):
        number += 1
    return number


def post_json(post: XPost) -> dict[str, Any]:
    """Show a post."""
    return {**vars(post), "created_at": iso(post.created_at)}
