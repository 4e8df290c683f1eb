"""/sites: Heroku's dashboard, status page and help, as far as a demo needs them.

Links for people lead here. The page says what is broken at Heroku, and leads to the buttons for it.
"""

from collections.abc import Iterable
from urllib.parse import urlencode

from markupsafe import Markup
from werkzeug.wrappers import Response

from emulator.control.breaks.kinds import Break
from emulator.control.breaks.library import GROUPS
from emulator.web import pages
from emulator.web.answers import answer
from emulator.web.call import Call
from emulator.web.routing import System

TITLES = {"dashboard": "Dashboard", "status": "Status", "help": "Support"}
PAGE = Markup(
    "<p>{news}</p>"
    '<p class="muted">The real page is <code>{real}</code>. The emulator does not draw it.</p>'
    '<p><a href="/control/?open=Heroku">What can be broken and fixed at Heroku</a></p>'
)
LINK = Markup('<a href="/control/?{query}#{name}">{title}</a>')


def _failed(status: int, description: str) -> Response:
    return answer({"message": description}, status)


SYSTEM = System("sites", _failed)


@SYSTEM.route("/<any(dashboard, status, help):site>/")
@SYSTEM.route("/<any(dashboard, status, help):site>/<path:path>")
def site(call: Call, site: str, path: str = "") -> Response:
    """Show what is broken at Heroku now."""
    groups = ("Heroku", "Heroku Connect")
    broken = [(group, each) for group in groups for each in GROUPS[group] if each.is_active(call)]
    real = f"https://{site}.heroku.com/{path}"
    return pages.page("site", TITLES[site], PAGE.format(news=_news(broken), real=real))


def _news(broken: Iterable[tuple[str, Break]]) -> Markup:
    links = [
        LINK.format(query=urlencode({"open": group}), name=each.name, title=each.title)
        for group, each in broken
    ]
    if not links:
        return Markup("Nothing is broken at Heroku now, and the account has paid.")
    return Markup("Broken now: ") + Markup(", ").join(links) + Markup(".")
