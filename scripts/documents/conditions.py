"""Conditions, with the states of Heroku Connect that mean them."""

from collections.abc import Mapping

from connect.health import states
from connect.models import Condition
from scripts.documents.blocks import table


def of_states(_: str) -> str:
    """Return a table: each condition, and which states of connections and mappings mean it."""
    rows = [
        (each.label, _meaning(each, states.CONNECTIONS), _meaning(each, states.MAPPINGS))
        for each in Condition
    ]
    return table(("condition", "states of a connection", "states of a mapping"), rows)


def _meaning(condition: Condition, known: Mapping[str, Condition]) -> str:
    listed = [f"`{state}`" for state, each in known.items() if each == condition]
    if condition == Condition.UNKNOWN:
        listed.append("any other")
    return ", ".join(listed) or "-"
