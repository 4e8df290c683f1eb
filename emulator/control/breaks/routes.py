"""/control/breaks: what can be broken, broken and fixed."""

import json
from typing import Any
from urllib.parse import urlencode

from werkzeug.wrappers import Response

from emulator.control.breaks.kinds import EVERYTHING, Break
from emulator.control.breaks.library import GROUPS, LIBRARY
from emulator.control.breaks.targets import choice_of, target_of
from emulator.control.system import SYSTEM, reject
from emulator.web.answers import EarlyAnswer, answer
from emulator.web.call import Call


@SYSTEM.route("/breaks")
def list_breaks(call: Call) -> Response:
    """List everything that can be broken."""
    found = [_break_json(call, group, each) for group, every in GROUPS.items() for each in every]
    return answer({"count": len(found), "breaks": found})


@SYSTEM.route("/breaks/<name>", "POST")
def break_it(call: Call, name: str) -> Response:
    """Break it; a form with `fix` fixes it. Forms are led back to the page, refused ones too."""
    change = fix if call.request.form.get("fix") else _break
    try:
        return change(call, name)
    except EarlyAnswer as refusal:
        if not call.request.form or name not in LIBRARY:
            raise
        said = json.loads(refusal.response.get_data())["message"]
        return _page(LIBRARY[name], refused=name, said=said)


def _break(call: Call, name: str) -> Response:
    wanted, given = _find(name), _given(call)
    target = target_of(call, wanted, given.get(wanted.on, ""))
    wanted.do(call, target, choice_of(wanted, given.get("choice", "")))
    return _done(call, wanted)


@SYSTEM.route("/breaks/<name>", "DELETE")
def fix(call: Call, name: str) -> Response:
    """Fix it, where that can be done from outside."""
    wanted, given = _find(name), _given(call)
    if wanted.undo is None:
        reject(409, f"{name} cannot be fixed from outside: {wanted.text}")
    wanted.undo(call, target_of(call, wanted, given.get(wanted.on, "")), "")
    return _done(call, wanted)


@SYSTEM.route("/breaks", "DELETE")
def fix_everything(call: Call) -> Response:
    """Fix what is broken for everybody; orgs and connections are fixed one by one."""
    for each in LIBRARY.values():
        if each.on == EVERYTHING and each.undo and each.is_active(call):
            each.undo(call, None, "")
    return list_breaks(call)


def _find(name: str) -> Break:
    if name not in LIBRARY:
        reject(404, f"nothing of that name can be broken; GET /control/breaks lists all: {name}")
    return LIBRARY[name]


def _given(call: Call) -> dict[str, str]:
    """Read the call's form or its JSON."""
    given = call.request.form.to_dict() or call.json()
    return {key: str(value) for key, value in given.items()}


def _done(call: Call, wanted: Break) -> Response:
    if call.request.form:
        return _page(wanted)
    return answer(_break_json(call, _group(wanted), wanted))


def _page(wanted: Break, **said: str) -> Response:
    # The group stays open, so that the card is seen again.
    place = f"/control/?{urlencode({'open': _group(wanted), **said})}#{wanted.name}"
    return Response(status=303, headers={"Location": place})


def _group(wanted: Break) -> str:
    return next(name for name, every in GROUPS.items() if wanted in every)


def _break_json(call: Call, group: str, each: Break) -> dict[str, Any]:
    return {
        "name": each.name,
        "group": group,
        "title": each.title,
        "text": each.text,
        "on": each.on,
        "choices": list(each.choices),
        "can_be_fixed": each.undo is not None,
        "active": each.is_active(call),
    }
