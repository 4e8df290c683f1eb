"""What a break is, and the kinds of them that need no code of their own."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from emulator.org.org import Org
from emulator.state.behaviour import Behaviour
from emulator.state.entities import Connection, Mapping
from emulator.web.call import Call

EVERYTHING, ORG, CONNECTION, MAPPING = "everything", "org", "connection", "mapping"
Target = Org | Connection | Mapping | None

Work = Callable[[Call, Target, str], None]


@dataclass(frozen=True)
class Break:
    """Something that can be broken. `text` says what then happens and what fixes it.

    `on` says what is broken: `do` and `undo` get that target and one of `choices`, "" without any.
    `undo` is None where nothing but time or a person fixes it. `active` says whether everything is
    broken so, `broken` names the targets that are by their ids.
    """

    name: str
    title: str
    text: str
    do: Work
    undo: Work | None = None
    active: Callable[[Call], bool] = lambda _call: False
    broken: Callable[[Call], list[str]] = lambda _call: []
    on: str = EVERYTHING
    choices: tuple[str, ...] = ()

    def is_active(self, call: Call) -> bool:
        """Return whether anything is broken so now."""
        return self.active(call) or bool(self.broken(call))


def faulty(name: str, title: str, text: str, *faults: dict[str, Any]) -> Break:
    """A break by faults, which carry its name and last until it is fixed."""

    def do(call: Call, _target: Target, _choice: str) -> None:
        call.world.faults.remove(name)
        for each in faults:
            call.world.faults.add({**each, "name": name})

    def undo(call: Call, _target: Target, _choice: str) -> None:
        call.world.faults.remove(name)

    def active(call: Call) -> bool:
        return any(each["name"] == name for each in call.world.faults.list())

    return Break(name, title, text, do, undo, active)


def switched(name: str, title: str, text: str, **switches: Any) -> Break:
    """A break by switches of the behaviour. What is noticed at a poll is noticed at once."""

    def change(call: Call, values: dict[str, Any]) -> None:
        call.world.behaviour.change(values)
        call.world.save_behaviour()
        call.engine.sync()

    def undo(call: Call, _target: Target, _choice: str) -> None:
        # As at the start: the options of the start win over the defaults.
        usual = {**vars(Behaviour()), **call.world.options.behaviour}
        change(call, {each: usual[each] for each in switches})

    def active(call: Call) -> bool:
        now = vars(call.world.behaviour)
        return all(now[each] == value for each, value in switches.items())

    return Break(name, title, text, lambda call, *_: change(call, switches), undo, active)
