"""The buttons of a page: one or two are shown, the rest is behind More, destructive ones last."""

from collections.abc import Sequence
from dataclasses import dataclass

from portal.actions.action import Action

MAX_SHOWN = 2
# Beside the right action, or where nothing stands out: what the state most often asks for.
OFTEN = (
    *("resume", "retry", "refresh", "resend", "start", "pause"),
    *("undo", "cancel", "assign", "note"),
)


@dataclass(frozen=True)
class Button:
    """An action as a page shows it. One that asks leads to its question, the others act.

    A remedy that is done on another page is a link that does not ask; it has no `name`.
    """

    label: str
    explains: str
    url: str
    asks: bool
    posts: bool
    weight: str
    name: str = ""
    destructive: bool = False

    @property
    def stands_out(self) -> bool:
        """Whether it is the right action, or what the row usually needs next."""
        return not self.weight


@dataclass(frozen=True)
class Arranged:
    """The buttons of a page: those shown, and those behind More."""

    shown: list[Button]
    more: list[Button]
    destructive: list[Button]


def arrange(buttons: Sequence[Button]) -> Arranged:
    """Choose the buttons that are shown. A menu for one more calm button would only hide it."""
    # The right action is never hidden, also if it cannot be undone.
    calm = [each for each in buttons if each.stands_out or not each.destructive]
    destructive = [each for each in buttons if each not in calm]
    if len(buttons) <= MAX_SHOWN:
        return Arranged([*calm, *destructive], [], [])
    shown = sorted(calm, key=_rank)[:MAX_SHOWN]
    more = [each for each in calm if each not in shown]
    if len(more) == 1 and not destructive:
        return Arranged([*shown, *more], [], [])
    return Arranged(shown, more, destructive)


def _rank(button: Button) -> tuple[bool, int]:
    place = OFTEN.index(button.name) if button.name in OFTEN else len(OFTEN)
    return not button.stands_out, place


def weight(action: Action) -> str:
    """Return a button's class: a destructive one warns, one that moves a row on stands out."""
    if action.destructive:
        return "button-destructive"
    return "" if action.moves_on else "button-muted"


def weight_beside(action: Action, *, primary: bool) -> str:
    """Return the class of a button on a page where only the right action stands out."""
    if primary:
        return ""
    return "button-destructive" if action.destructive else "button-muted"
