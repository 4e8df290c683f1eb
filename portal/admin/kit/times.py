"""Times in lists and on pages of a row: how long ago, and exactly when."""

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from django.contrib.admin.helpers import AdminForm
from django.core.exceptions import FieldDoesNotExist
from django.db.models import DateTimeField, Model

from portal import moments

Column = Callable[[Any], str]


def in_list(model: type[Model], names: Iterable[Any]) -> list[Any]:
    """Return the columns of a list; those of times say how long ago."""
    return [_column(model, each) if _is_time(model, each) else each for each in names]


def on_page(model: type[Model], form: AdminForm) -> None:
    """Let the times that a page only shows say how long ago and when."""
    shown = {each for each in form.readonly_fields if _is_time(model, each)}
    form.readonly_fields = _facts(model, form.readonly_fields, shown)
    form.fieldsets = [
        (name, {**part, "fields": _facts(model, part["fields"], shown)})
        for name, part in form.fieldsets
    ]


def _facts(model: type[Model], fields: Iterable[Any], shown: set[Any]) -> list[Any]:
    """Replace the names of times among fields; a line of several is a tuple."""
    return [
        tuple(_facts(model, each, shown))
        if isinstance(each, tuple | list)
        else _fact(model, each)
        if each in shown
        else each
        for each in fields
    ]


def _is_time(model: type[Model], name: Any) -> bool:
    try:
        return isinstance(name, str) and isinstance(model._meta.get_field(name), DateTimeField)
    except FieldDoesNotExist:  # a method of the page
        return False


# Django compares the columns of a list and the fields of a page, so each is made once.
@cache
def _column(model: type[Model], name: str) -> Column:
    return _named(model, name, moments.element)


@cache
def _fact(model: type[Model], name: str) -> Column:
    return _named(model, name, moments.both)


def _named(model: type[Model], name: str, shown: Callable[[Any], str]) -> Column:
    """Return a function of a row that Django takes for the field itself."""

    def column(row: Any) -> str:
        return shown(getattr(row, name))

    column.__name__ = name
    column.short_description = model._meta.get_field(name).verbose_name  # type: ignore[attr-defined,union-attr]
    column.admin_order_field = name  # type: ignore[attr-defined]
    return column
