"""Template tags and filters of the admin."""

import re
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID, uuid4

from django import template
from django.contrib.admin.utils import flatten, label_for_field
from django.forms import BaseForm
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst

from connect import runbook
from connect.formats import format_duration, sentence
from connect.standing import Standing
from portal import moments, show
from portal.actions import undoing
from portal.admin.kit import buttons, columns, lists
from portal.admin.kit.declared import DeclaredChangeList
from portal.admin.kit.faults import faults
from portal.admin.pages.health import diagnoses
from portal.admin.panels import bulk
from portal.dashboard import layout
from portal.models import BulkItem
from tenants.models import KILL_SWITCHES

MAX_FAULTS = 20  # in the list on top of a form
_NOTHING = re.compile(r"<t[dh][^>]*>-?</t[dh]>")  # a cell without a value

register = template.Library()
register.filter("card_rows", layout.rows)
register.filter("mapping_state", show.mapping_state)
register.filter("message_status", show.message_status)
register.filter("outcome", show.outcome)
register.filter("state", show.state)
register.filter("item_status", bulk.outcome)
register.filter("item_text", bulk.text)
register.filter("worth_a_look", diagnoses.worth_a_look)
register.filter("duration", format_duration)
register.filter("sentence", sentence)
register.filter("runbook_entry", runbook.anchor_of)


register.simple_tag(moments.element, name="moment")
register.simple_tag(show.copied, name="copied")
register.simple_tag(buttons.arrange)


@register.inclusion_tag("admin/includes/explained.html")
def explained(seen: Standing) -> dict[str, Any]:
    """Show how a connection stands, as a badge that says what its word means."""
    entry = runbook.entries()[runbook.anchor_of(seen)]
    return {"label": seen.label, "tone": seen.tone, "entry": entry}


@register.filter
def switch_name(name: str) -> str:
    """Return a kill switch's name as staff know it."""
    return KILL_SWITCHES[name].label if name in KILL_SWITCHES else name


@register.simple_tag
def press_number() -> UUID:
    """Return a new number for a form that presses; see portal.admin.kit.once."""
    return uuid4()


@register.simple_tag(takes_context=True)
def undoable(context: dict[str, Any], presses: Iterable[BulkItem]) -> set[int]:
    """Return the keys of the presses on a row that the reader may undo."""
    return undoing.offered(presses, context["request"].user)


@register.filter
def of_numbers(headers: Sequence[dict[str, Any]], cl: DeclaredChangeList) -> list[dict[str, Any]]:
    """Return the headers of a list, which say whether their column holds numbers."""
    return [
        {**head, "is_number": columns.is_number(cl.model_admin, name)}
        for head, name in zip(headers, cl.list_display, strict=True)
    ]


@register.filter
def labelled(cells: Sequence[SafeString], headers: Sequence[dict[str, Any]]) -> list[str]:
    """Return a row's cells with the names of their columns, which phones show beside the values."""
    return [_with_label(cell, head) for cell, head in zip(cells, headers, strict=True)]


def _with_label(cell: SafeString, header: dict[str, Any]) -> str:
    if "action-checkbox" in cell:
        return cell
    # Django has made the cell: what is in it is escaped. It begins with "<td" or "<th".
    begins, rest = mark_safe(cell[:3]), mark_safe(cell[3:])  # noqa: S308
    nothing = mark_safe(" data-nothing") if _NOTHING.fullmatch(cell) else ""
    number = mark_safe(" data-number") if header["is_number"] else ""
    label = capfirst(str(header["text"]))
    return format_html('{} data-label="{}"{}{}{}', begins, label, nothing, number, rest)


@register.inclusion_tag("admin/date_filter.html")
def drill_down(cl: DeclaredChangeList) -> dict[str, Any]:
    """Show a list's date hierarchy as a filter, without reading every row."""
    field = cl.date_hierarchy
    if not field or cl.ends is None:
        return {"show": False}
    levels = ("year", "month", "day")
    given = {
        name: cl.params[f"{field}__{name}"] for name in levels if f"{field}__{name}" in cl.params
    }
    level = lists.dates(cl.ends(), given)

    def linked(choice: dict[str, Any]) -> dict[str, Any]:
        if "params" not in choice:
            return choice
        wanted = {f"{field}__{name}": value for name, value in choice["params"].items()}
        return {**choice, "link": cl.get_query_string(wanted, [f"{field}__"])}

    back = level["back"] and linked(level["back"])
    choices = [linked(each) for each in level["choices"]]
    return {
        # A single date is nothing to choose.
        "show": bool(back) or len(choices) > 1,
        "title": label_for_field(str(field), cl.model),
        "chosen": lists.date_in_words(given),
        "back": back,
        "choices": choices,
    }


@register.filter
def is_only_shown(fieldset: Any) -> bool:
    """Return whether nothing in a part of a form, one of Django's `Fieldset`, can be changed."""
    return set(flatten(fieldset.fields)) <= set(fieldset.readonly_fields)


@register.inclusion_tag("admin/includes/errors.html")
def error_summary(*forms: BaseForm | None) -> dict[str, Any]:
    """List what is wrong in forms, with links to the fields; the page puts the focus there."""
    found = [each for form in forms if form is not None for each in faults(form)]
    return {"faults": found[:MAX_FAULTS], "more": len(found[MAX_FAULTS:])}


@register.filter
def noun(options: Any, number: int) -> str:
    """Return how so many rows of a model are called: not each name has a plural."""
    one, many = str(options.verbose_name), str(options.verbose_name_plural)
    if one == many or not many.endswith("s"):
        one, many = "row", "rows"
    return one if number == 1 else many


@register.filter
def thousands(number: int) -> str:
    """Return a number with thousands separators, e.g. "100,000"."""
    return f"{number:,}"


register.filter(show.breakable)
