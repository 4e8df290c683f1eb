"""The menu of a list's actions. A long one has groups, which browsers and screen readers name."""

from collections.abc import Mapping, Sequence

from portal.actions.action import Action, Kind

MAX_FLAT = 9  # choices that a person takes in at a glance, "none" among them
Choice = tuple[str, str]


def grouped(
    choices: Sequence[Choice], actions: Mapping[str, Action]
) -> list[Choice | tuple[str, list[Choice]]]:
    """Return the choices of a menu, with headings if it is long; what ends something is last."""
    if len(choices) <= MAX_FLAT:
        return list(choices)
    alone = [each for each in choices if each[0] not in actions]
    parts = {
        kind: [(name, label) for name, label in choices if _kind(actions, name) == kind]
        for kind in Kind
    }
    return [*alone, *((str(kind), part) for kind, part in parts.items() if part)]


def _kind(actions: Mapping[str, Action], name: str) -> Kind | None:
    return actions[name].kind if name in actions else None
