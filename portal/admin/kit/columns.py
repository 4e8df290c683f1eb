"""Times, numbers, connections, and what is true or not, in lists and on pages of a row."""

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, TypeVar

from django.contrib.admin.helpers import AdminForm
from django.core.exceptions import FieldDoesNotExist
from django.db.models import (
    BooleanField,
    DateTimeField,
    EmailField,
    Field,
    IntegerField,
    Model,
    URLField,
)

from connect.models import Connection
from portal import moments, show

_Method = TypeVar("_Method", bound=Callable[..., str])
Column = Callable[[Any], str]
Shown = Callable[[Any], str]
_Ways = dict[type["Field[Any, Any]"], Shown]
# Django shows a red cross for what is not true, which looks like a fault.
_ON_PAGES: _Ways = {
    DateTimeField: moments.both,
    BooleanField: show.yes_or_no,
    EmailField: show.whole_email,
    URLField: show.whole_link,
}
_IN_LISTS: _Ways = {**_ON_PAGES, DateTimeField: moments.element, IntegerField: show.number}
# Whole numbers that name something and count nothing.
_NAMES = ("status", "version", "wave", "generation", "answer", "sequence")


def in_list(model: type[Model], names: Iterable[Any]) -> list[Any]:
    """Return the columns of a list; those of times say how long ago."""
    return [_column(model, each) or each for each in names]


def is_number(page: object, column: Any) -> bool:
    """Return whether a list's column holds numbers, which stand below each other's last digits."""
    if callable(column):
        return getattr(column, "is_number", False)
    return getattr(getattr(page, column, None), "is_number", False)


def of_numbers(method: _Method) -> _Method:
    """Mark a page's method whose texts are numbers."""
    method.is_number = True  # type: ignore[attr-defined]
    return method


def on_page(model: type[Model], form: AdminForm) -> None:
    """Let the times that a page only shows say how long ago and when."""
    shown = set(form.readonly_fields)
    form.readonly_fields = _facts(model, form.readonly_fields, shown)
    form.fieldsets = [
        (name, {**part, "fields": _facts(model, part["fields"], shown)})
        for name, part in form.fieldsets
    ]


def _facts(model: type[Model], fields: Iterable[Any], shown: set[Any]) -> list[Any]:
    """Replace the names of fields that are only shown; a line of several is a tuple."""
    return [
        tuple(_facts(model, each, shown))
        if isinstance(each, tuple | list)
        else (each in shown and _fact(model, each)) or each
        for each in fields
    ]


# Django compares the columns of a list and the fields of a page, so each is made once.
@cache
def _column(model: type[Model], name: Any) -> Column | None:
    field = _field(model, name)
    if field is not None and field.related_model is Connection:
        return _named(field, show.connection)
    return _shown(field, _IN_LISTS)


@cache
def _fact(model: type[Model], name: Any) -> Column | None:
    return _shown(_field(model, name), _ON_PAGES)


def _field(model: type[Model], name: Any) -> Any:
    """Return the field of a column; None for a method of the page."""
    if not isinstance(name, str):
        return None
    try:
        field: Any = model._meta.get_field(name)
    except FieldDoesNotExist:
        return None
    return field if field.concrete else None  # a relation from elsewhere is no column


def _shown(field: Any, ways: _Ways) -> Column | None:
    if isinstance(field, IntegerField) and (field.primary_key or field.name in _NAMES):
        return None
    way = next((way for kind, way in ways.items() if isinstance(field, kind)), None)
    return _named(field, way) if way else None


def _named(field: Any, shown: Shown) -> Column:
    """Return a function of a row that Django takes for the field itself."""

    def column(row: Any) -> str:
        return shown(getattr(row, field.name))

    column.is_number = isinstance(field, IntegerField)  # type: ignore[attr-defined]
    column.__name__ = field.name
    column.short_description = field.verbose_name  # type: ignore[attr-defined]
    column.admin_order_field = field.name  # type: ignore[attr-defined]
    return column
