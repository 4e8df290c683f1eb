"""Lists that stay fast with 100,000 rows: capped counts, tallies, date hierarchy, CSV."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.core.paginator import Paginator
from django.db import connection
from django.db.models import Count, Model, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dates import MONTHS

from portal.questions import later
from tenants.batching import Asking, Sql, batched, count_up_to

# Nobody pages further than this. Rows beyond it are found by filter, search or export.
MAX_COUNTED = 10_000
CHUNK = 2000
Ends = tuple[Any, Any]  # the first and the last date; None in an empty list
_BEGINS_A_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")


if TYPE_CHECKING:
    AnyPaginator = Paginator[Any]
else:
    AnyPaginator = Paginator


class CappedPaginator(AnyPaginator):
    """Counts up to MAX_COUNTED, with the page's other questions; above that it estimates."""

    about: int | None = None  # an estimate from Postgres' statistics, for unfiltered lists
    is_capped = False

    def __init__(self, request: HttpRequest, rows: QuerySet[Any], per_page: int) -> None:
        super().__init__(rows, per_page)
        # Postgres knows about how many rows a table has, but nothing about a filter.
        is_whole = not rows.query.where
        counted: QuerySet[Any] = rows.model._default_manager.all() if is_whole else rows
        self._counted = later(request, count_up_to.asking(counted, MAX_COUNTED + 1))
        self._about = later(request, _estimate(rows.model)) if is_whole else None

    @cached_property
    def count(self) -> int:
        counted: int = self._counted()
        if self._about:
            # -1 until the table was analyzed.
            self.about = max(self._about(), counted)
        self.is_capped = counted > MAX_COUNTED
        return min(counted, MAX_COUNTED)


def _estimate(model: type[Model]) -> Asking[int]:
    table = connection.ops.quote_name(model._meta.db_table)
    query = "SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass"
    (((found,),),) = yield [Sql(query, (table,), 1)]
    return int(found)


# --- counts by state on top ----------------------------------------------------------------------


@dataclass(frozen=True)
class Tally:
    """How many rows have one value, and the address that lists them."""

    label: str
    count: int
    url: str
    tone: str
    current: bool


def count_by(model: type[Model], field: str, *, newest: bool) -> QuerySet[Any, Any]:
    """Return pairs of a field's value and the number of its rows, the commonest value first.

    `newest` counts the last MAX_COUNTED.
    """
    rows = model._default_manager.order_by()
    if newest:
        keys = model._default_manager.order_by("-pk").values("pk")
        # A short table has no row at that place, and all of its rows count.
        rows = rows.filter(pk__gt=Coalesce(Subquery(keys[MAX_COUNTED : MAX_COUNTED + 1]), Value(0)))
    counted: QuerySet[Any, Any] = rows.values_list(field).annotate(rows=Count("*"))
    return counted.order_by("-rows", field)


# --- dates to drill down -------------------------------------------------------------------------


@batched
def ends(model: type[Model], name: str) -> Asking[Ends]:
    """Return the first and the last date of a list, each found by an index."""
    field: Any = model._meta.get_field(name)
    column, table = map(connection.ops.quote_name, (field.column, model._meta.db_table))
    query = f"SELECT min({column}), max({column}) FROM {table}"  # noqa: S608
    ((found,),) = yield [Sql(query, (), 2)]
    first, last = map(field.to_python, found)
    return first, last


def dates(ends: Ends, given: dict[str, str]) -> dict[str, Any]:
    """Return the links of one level of the drill-down: years, months or days.

    `given` holds year, month and day as far as they are chosen.
    """
    if ends[0] is None:
        return {"back": None, "choices": []}
    first, last = map(_day, ends)
    levels: tuple[str, ...] = ("year", "month", "day")
    chosen = {name: int(given[name]) for name in levels if name in given}
    back = _back(chosen)
    # A level with a single choice is left out.
    if not chosen and first.year == last.year:
        chosen["year"] = first.year
    if "year" in chosen and "month" not in chosen and first.replace(day=1) == last.replace(day=1):
        chosen["month"] = first.month
    return {"back": back, "choices": list(_choices(chosen, first, last))}


def date_in_words(given: dict[str, str]) -> str:
    """Return the chosen year, month or day, "" for none."""
    if "month" not in given:
        return given.get("year", "")
    month = MONTHS[int(given["month"])]
    return f"{month} {', '.join(given[name] for name in ('day', 'year') if name in given)}"


def _day(moment: date) -> date:
    return timezone.localtime(moment).date() if isinstance(moment, datetime) else moment


def _back(chosen: dict[str, int]) -> dict[str, Any] | None:
    if "day" in chosen:
        up = {name: chosen[name] for name in ("year", "month")}
        return {"params": up, "title": f"{MONTHS[chosen['month']]} {chosen['year']}"}
    if "month" in chosen:
        return {"params": {"year": chosen["year"]}, "title": str(chosen["year"])}
    return {"params": {}, "title": "All dates"} if chosen else None


def _choices(chosen: dict[str, int], first: date, last: date) -> Iterator[dict[str, Any]]:
    if "day" in chosen:
        yield {"title": f"{MONTHS[chosen['month']]} {chosen['day']}"}
        return
    if "month" in chosen:
        year, month = chosen["year"], chosen["month"]
        for day in range(1, 32):
            if (
                (first.year, first.month, first.day)
                <= (year, month, day)
                <= (
                    last.year,
                    last.month,
                    last.day,
                )
            ):
                yield {"params": {**chosen, "day": day}, "title": f"{MONTHS[month]} {day}"}
        return
    if "year" in chosen:
        year = chosen["year"]
        for month in range(1, 13):
            if (first.year, first.month) <= (year, month) <= (last.year, last.month):
                yield {"params": {**chosen, "month": month}, "title": f"{MONTHS[month]} {year}"}
        return
    for year in range(first.year, last.year + 1):
        yield {"params": {"year": year}, "title": str(year)}


# --- CSV -----------------------------------------------------------------------------------------


class _Echo:
    """A file that returns what is written."""

    def write(self, text: str) -> str:
        return text


def csv_lines(rows: QuerySet[Any], columns: Iterable[str]) -> Iterator[str]:
    """Yield rows as CSV, line by line."""
    paths = list(columns)
    writer = csv.writer(_Echo())
    # The byte order mark makes spreadsheets read UTF-8.
    yield "\ufeff" + writer.writerow([path.replace("__", " ").replace("_", " ") for path in paths])
    # A cursor in the database, because a file may hold every row of a large table.
    for row in rows.values_list(*paths).iterator(chunk_size=CHUNK):
        yield writer.writerow([cell(value) for value in row])


def cell(value: Any) -> str:
    """Return a value for a spreadsheet. Text must never become a formula.

    OWASP, "CSV injection": an apostrophe goes before text that would begin one.
    """
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    text = str(value)
    # A negative number begins with a minus and is not a formula.
    is_number = isinstance(value, int | float | Decimal)
    if not is_number and text.lstrip(" ").startswith(_BEGINS_A_FORMULA):
        return f"'{text}"
    return text
