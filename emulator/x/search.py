"""Recent search: the posts of the last seven days, newest first."""

from werkzeug.wrappers import Response

from emulator.state.entities import XPost
from emulator.web.answers import answer
from emulator.web.call import Call
from emulator.x.limits import bill, bill_accounts, check_credit, take_call
from emulator.x.parameters import read_search
from emulator.x.search_document import search_document
from emulator.x.system import SYSTEM


@SYSTEM.route("/2/tweets/search/recent")
def recent(call: Call) -> Response:
    """Search the last seven days."""
    world = call.world
    # The order matters: a wrong query costs a call but no credit.
    with world.lock:
        take_call(world)
        search = read_search(call)
        check_credit(world)
        found = [
            each
            for each in world.all(XPost)
            if search.after < int(each.id) < search.before and search.test(each)
        ]
        found.sort(key=lambda each: int(each.id), reverse=True)
        page, rest = found[: search.size], found[search.size :]
        bill(world, page)
        # Sources disagree whether X does it; a client that must not spend has to assume so.
        if "author_id" in search.expansions:
            bill_accounts(world, [each.author_id for each in page])
    return answer(search_document(world, search, page, more=bool(rest)))
