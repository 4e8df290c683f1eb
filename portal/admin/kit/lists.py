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
from django.db.models import Count, Max, Min, Model, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.dates import MONTHS

# Nobody pages further than this. Rows beyond it are found by filter, search or export.
MAX_COUNTED = 10_000
CHUNK = 2000
_BEGINS_A_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")


if TYPE_CHECKING:
    AnyPaginator = Paginator[Any]
else:
    AnyPaginator = Paginator


class CappedPaginator(AnyPaginator):
    """Counts up to MAX_COUNTED, with one query; above that it gives an estimate."""

    about: int | None = None  # an estimate from Postgres' statistics, for unfiltered lists
    is_capped = False

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        # Postgres knows about how many rows a table has, but nothing about a filter.
        if rows.query.where:
            counted = int(rows.order_by()[: MAX_COUNTED + 1].count())
        else:
            counted, self.about = _count_all(rows.model)
        self.is_capped = counted > MAX_COUNTED
        return min(counted, MAX_COUNTED)


def _count_all(model: type[Model]) -> tuple[int, int]:
    table = connection.ops.quote_name(model._meta.db_table)
    query = (
        f"SELECT (SELECT count(*) FROM (SELECT 1 FROM {table} LIMIT %s) AS few),"  # noqa: S608
        " reltuples::bigint FROM pg_class WHERE oid = %s::regclass"
    )
    with connection.cursor() as cursor:
        cursor.execute(query, [MAX_COUNTED + 1, table])
        counted, about = cursor.fetchone()
    # reltuples is -1 until the table was analyzed.
    return int(counted), max(int(about), int(counted))


# --- counts by state on top ----------------------------------------------------------------------


@dataclass(frozen=True)
class Tally:
    """How many rows have one value, and the address that lists them."""

    label: str
    count: int
    url: str
    tone: str
    current: bool


def count_by(model: type[Model], field: str, *, newest: bool) -> list[tuple[Any, int]]:
    """Count rows by a field, the commonest value first; `newest` counts the last MAX_COUNTED."""
    rows = model._default_manager.order_by()
    if newest:
        keys = model._default_manager.order_by("-pk").values("pk")
        # A short table has no row at that place, and all of its rows count.
        rows = rows.filter(pk__gt=Coalesce(Subquery(keys[MAX_COUNTED : MAX_COUNTED + 1]), Value(0)))
    counted = rows.values_list(field).annotate(rows=Count("*")).order_by("-rows", field)
    return list(counted)


# --- dates to drill down -------------------------------------------------------------------------


def dates(model: type[Model], field: str, given: dict[str, str]) -> dict[str, Any]:
    """Return the links of one level of the drill-down: years, months or days.

    The first and the last row, found by one query on an index, decide which ones there are.
    `given` holds year, month and day as far as they are chosen.
    """
    ends = model._default_manager.aggregate(first=Min(field), last=Max(field))
    if ends["first"] is None:
        return {"back": None, "choices": []}
    first, last = _day(ends["first"]), _day(ends["last"])
    levels: tuple[str, ...] = ("year", "month", "day")
    chosen = {name: int(given[name]) for name in levels if name in given}
    back = _back(chosen)
    # A level with a single choice is left out.
    if not chosen and first.year == last.year:
        chosen["year"] = first.year
    if "year" in chosen and "month" not in chosen and first.replace(day=1) == last.replace(day=1):
        chosen["month"] = first.month
    return {"back": back, "choices": list(_choices(chosen, first, last))}


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
