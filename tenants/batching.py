"""Several queries in one statement: what a page needs costs one round trip, not one a query.

A function that is `@batched` yields the queries that it needs next and receives their rows. Called
as it is, it sends each query alone. `gather` runs several such functions side by side; `together`
does so and sends in one statement what all of them need next.
"""

import json
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import update_wrapper
from typing import Any, Generic, ParamSpec, TypeVar
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Count, QuerySet, Value
from django.utils.dateparse import parse_duration

P = ParamSpec("P")
T = TypeVar("T")
Rows = list[list[Any]]

# What JSON has no type for, by the kind of a column. JSON itself is decoded again by its field.
_READERS: dict[str, Callable[[Any], Any]] = {
    "DateTimeField": datetime.fromisoformat,
    "DateField": date.fromisoformat,
    "DurationField": parse_duration,
    "JSONField": json.dumps,
    "UUIDField": UUID,
}
# What JSON says as it is. Others, above all those that are encrypted, are refused.
_AS_IN_JSON = {
    *("AutoField", "BigAutoField", "BigIntegerField", "IntegerField", "SmallIntegerField"),
    *("PositiveBigIntegerField", "PositiveIntegerField", "PositiveSmallIntegerField"),
    *(
        "BooleanField",
        "CharField",
        "FloatField",
        "GenericIPAddressField",
        "SlugField",
        "TextField",
        "URLField",
    ),
    *("ForeignKey", "OneToOneField"),
}
_PART = "(SELECT coalesce(json_agg(part), '[]')::text FROM ({}) AS part({}))"


@dataclass(frozen=True)
class Sql:
    """A query in SQL, with so many columns, whose types JSON must have: text, numbers, booleans."""

    text: str
    params: Sequence[Any]
    columns: int

    def __iter__(self) -> Iterator[Any]:
        return iter(_answers([self])[0])


Query = QuerySet[Any, Any] | Sql
Asking = Generator[Sequence[Query], Sequence[list[Any]], T]


class Batched(Generic[P, T]):
    """A function that asks the database. Call it, or give its `asking` to `gather`."""

    def __init__(self, asking: Callable[P, Asking[T]]) -> None:
        self.asking = asking
        update_wrapper(self, asking)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T:
        return _run(self.asking(*args, **kwargs), lambda wanted: [list(each) for each in wanted])


def batched(function: Callable[P, Asking[T]]) -> Batched[P, T]:
    """Make a generator of queries a function that can be called alone, or run with others."""
    return Batched(function)


def together(*many: Asking[Any] | Query) -> list[Any]:
    """Run all to their ends, with one statement for each round; return their results in order."""
    return _run(gather(*many), _answers)


def gather(*many: Asking[Any] | Query) -> Asking[list[Any]]:
    """Ask side by side: what all of them need next is one round. A query alone gives its rows."""
    asking = [each if isinstance(each, Generator) else _rows(each) for each in many]
    results: dict[int, Any] = {}
    answers: dict[int, Any] = dict.fromkeys(range(len(asking)))  # None starts a generator
    while answers:
        asked: dict[int, Sequence[Query]] = {}
        for number, rows in answers.items():
            try:
                asked[number] = asking[number].send(rows)
            except StopIteration as end:
                results[number] = end.value
        wanted = [query for some in asked.values() for query in some]
        found = iter((yield wanted) if wanted else ())
        answers = {number: [next(found) for _ in some] for number, some in asked.items()}
    return [results[number] for number in range(len(asking))]


def _rows(query: Query) -> Asking[list[Any]]:
    (rows,) = yield [query]
    return rows


def _run(asking: Asking[T], answer: Callable[[Sequence[Query]], list[list[Any]]]) -> T:
    answers: Any = None  # starts a generator
    while True:
        try:
            wanted = asking.send(answers)
        except StopIteration as end:
            result: T = end.value
            return result
        answers = answer(wanted)


def union(*queries: QuerySet[Any, Any], all: bool = False) -> QuerySet[Any, Any]:
    """Return the rows of some queries as one, in no order. `all`: also those that come twice.

    Without order_by() Django 6.1 would order them as the first model, by a column that may lack.
    """
    first, *others = queries
    return first.union(*others, all=all).order_by() if others else first


def count(rows: QuerySet[Any]) -> QuerySet[Any, Any]:
    """Return the query of how many rows there are; `number` reads its answer."""
    one = rows.order_by().values(one=Value(1))
    counted: QuerySet[Any, Any] = one.annotate(number=Count("pk")).values_list("number", flat=True)
    return counted


@batched
def count_up_to(rows: QuerySet[Any], most: int) -> Asking[int]:
    """Count rows; above `most` nothing is counted."""
    try:
        text, params = rows.order_by().values("pk")[:most].query.sql_with_params()
    except EmptyResultSet:
        return 0
    few = Sql(f"SELECT count(*) FROM ({text}) AS few", params, 1)  # noqa: S608
    (((found,),),) = yield [few]
    return int(found)


def number(answer: Iterable[Any]) -> int:
    """Return the one number of an answer; 0 where there is none."""
    return int(next(iter(answer), None) or 0)


# --- one statement -------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Compiled:
    """A query's SQL, and how its answer becomes what the query itself would return."""

    text: str
    params: Sequence[Any]
    columns: int
    made: Callable[[Rows], list[Any]]


def _answers(queries: Sequence[Query]) -> list[list[Any]]:
    compiled = [_compile(each) for each in queries]
    sent = [each for each in compiled if each]
    rows = iter(_send(sent) if sent else ())
    return [each.made(next(rows)) if each else [] for each in compiled]


def _send(sent: Sequence[_Compiled]) -> list[Rows]:
    parts = [_PART.format(each.text, _names(each.columns)) for each in sent]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {', '.join(parts)}", [value for each in sent for value in each.params]
        )
        texts = cursor.fetchone()
    return [
        [list(row.values())[: each.columns] for row in json.loads(text)]
        for each, text in zip(sent, texts, strict=True)
    ]


def _names(columns: int) -> str:
    return ", ".join(f"c{number}" for number in range(columns))


def _compile(query: Query) -> _Compiled | None:
    """Return None for a query that can have no rows."""
    if isinstance(query, Sql):
        return _Compiled(query.text, query.params, query.columns, lambda rows: rows)
    mine = query.all()
    compiler = mine.query.get_compiler(mine.db)
    try:
        text, params = compiler.as_sql()
    except EmptyResultSet:
        return None
    columns = [column for column, *_ in compiler.select]
    kinds = [each.output_field.get_internal_type() for each in columns]
    if unknown := set(kinds) - _AS_IN_JSON - set(_READERS):
        raise TypeError(f"{mine.model.__name__}: JSON has no form for {', '.join(sorted(unknown))}")

    def made(rows: Rows) -> list[Any]:
        # Django makes its objects from our rows, as if it had asked for them itself.
        read = _typed(rows, kinds)
        compiler.execute_sql = lambda *_, **__: [read]
        mine.query.get_compiler = lambda *_, **__: compiler  # type: ignore[method-assign]
        return list(mine)

    return _Compiled(text, params, len(columns), made)


def _typed(rows: Rows, kinds: Sequence[str]) -> Rows:
    readers = [(place, _READERS[kind]) for place, kind in enumerate(kinds) if kind in _READERS]
    for row in rows:
        for place, read in readers:
            if row[place] is not None:
                row[place] = read(row[place])
    return rows
