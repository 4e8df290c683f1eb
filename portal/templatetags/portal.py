"""Template tags and filters of the admin."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID, uuid4

from django import template
from django.contrib.admin.views.main import ChangeList
from django.forms import BaseForm
from django.utils.html import format_html_join
from django.utils.safestring import mark_safe

from connect import runbook
from connect.formats import format_duration, sentence
from connect.standing import Standing
from portal import moments, show
from portal.actions import undoing
from portal.admin.kit import buttons, lists
from portal.admin.kit.faults import faults
from portal.admin.pages.health import diagnoses
from portal.admin.panels import bulk
from portal.dashboard import layout
from portal.models import BulkItem
from tenants.models import KILL_SWITCHES

MAX_FAULTS = 20  # in the list on top of a form

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


@register.inclusion_tag("admin/date_hierarchy.html")
def drill_down(cl: ChangeList) -> dict[str, Any]:
    """Show a list's date hierarchy without reading every row."""
    field = cl.date_hierarchy
    if not field:
        return {"show": False}
    levels = ("year", "month", "day")
    given = {
        name: cl.params[f"{field}__{name}"] for name in levels if f"{field}__{name}" in cl.params
    }
    level = lists.dates(cl.model, field, given)

    def linked(choice: dict[str, Any]) -> dict[str, Any]:
        if "params" not in choice:
            return choice
        wanted = {f"{field}__{name}": value for name, value in choice["params"].items()}
        return {**choice, "link": cl.get_query_string(wanted, [f"{field}__"])}

    back = level["back"] and linked(level["back"])
    return {"show": True, "back": back, "choices": [linked(each) for each in level["choices"]]}


@register.inclusion_tag("admin/includes/errors.html")
def error_summary(*forms: BaseForm | None) -> dict[str, Any]:
    """List what is wrong in forms, with links to the fields; the page puts the focus there."""
    found = [each for form in forms if form is not None for each in faults(form)]
    return {"faults": found[:MAX_FAULTS], "more": len(found[MAX_FAULTS:])}


@register.filter
def thousands(number: int) -> str:
    """Return a number with thousands separators, e.g. "100,000"."""
    return f"{number:,}"


@register.filter
def breakable(text: str) -> str:
    """Return a text in which long names may break after an underscore, e.g. FIELD_MISSING."""
    return format_html_join(mark_safe("_<wbr>"), "{}", ((part,) for part in text.split("_")))
