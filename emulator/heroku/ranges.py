"""Lists in pages, by the Range header."""

import re
from typing import Any

from werkzeug.wrappers import Response

from emulator.heroku.system import error
from emulator.web.answers import answer, refuse
from emulator.web.call import Call

DEFAULT_PAGE = 200
# For example `id ]<after>..<last>; order=asc, max=200`; `]` leaves the first id out.
RANGE = re.compile(r"^\w+ (\]?)([^.;]*)\.\.([^;]*)(?:;\s*(?:order=\w+,?\s*)?(?:max=(\d+))?)?$")


def ranged(call: Call, rows: list[dict[str, Any]]) -> Response:
    """Answer a list, cut as the Range header asks: `id ]<after>..; max=200`."""
    wanted = call.request.headers.get("Range")
    match = RANGE.match(wanted) if wanted else None
    if wanted and not match:
        refuse(error(416, "requested_range_not_satisfiable", "Invalid `Range` header."))
    after, first, last, given = match.groups() if match else ("", "", "", None)
    size = int(given or DEFAULT_PAGE)
    rows = sorted(rows, key=lambda each: str(each["id"]))
    rows = [each for each in rows if (each["id"] > first if after else each["id"] >= first)]
    rows = [each for each in rows if not last or each["id"] <= last]
    page = rows[:size]
    if len(page) == len(rows):
        return answer(page)
    return answer(page, 206, {"Next-Range": f"id ]{page[-1]['id']}..; max={size}"})
