"""The worst of what is said of each connection, as one query over sets of keys.

Postgres takes a union of such sets for far more rows than there are, and then it reads whole tables
instead. The groups of a union it takes for few, as they are while most connections are well.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models.expressions import RawSQL

from connect.health.severity import Keys

_SET = "SELECT found.key, {} AS place FROM ({}) AS found(key)"
_WORST = "SELECT said.key, max(said.place) AS place FROM ({}) AS said GROUP BY said.key"


@dataclass(frozen=True)
class Worst:
    """`text` is SQL that gives a `key` for each connection in any set, and its highest `place`."""

    text: str
    params: tuple[Any, ...]

    def keys(self, *places: int) -> RawSQL:
        """Return the keys with one of these places, or with any, for `pk__in`."""
        where = f" WHERE worst.place IN ({', '.join(map(str, places))})" if places else ""
        return RawSQL(f"SELECT worst.key FROM ({self.text}) AS worst{where}", self.params)  # noqa: S611, S608


def worst(sets: Iterable[tuple[int, Keys]]) -> Worst:
    """Return the worst of sets that each have a place; the highest is the worst."""
    asked = [(place, *keys.order_by().query.sql_with_params()) for place, keys in sets]
    texts = [_SET.format(place, text) for place, text, _ in asked]
    params = tuple(value for _, _, some in asked for value in some)
    return Worst(_WORST.format(" UNION ALL ".join(texts)), params)
