"""What is wrong in the answers of a form, for the list on top of its page."""

from dataclasses import dataclass

from django.forms import BaseForm, BoundField


@dataclass(frozen=True)
class Fault:
    """One thing to correct. `href` leads to its field; "" where no visible field is at fault."""

    href: str
    label: str
    text: str


def faults(form: BaseForm) -> list[Fault]:
    """Return what is wrong in a form: first what is about all of it, then field by field."""
    found = [Fault("", "", str(text)) for text in form.non_field_errors()]
    for field in form:
        found += [Fault(_href(field), str(field.label), str(text)) for text in field.errors]
    return found


def _href(field: BoundField) -> str:
    if field.is_hidden:
        return ""
    # A group of radio buttons has no id of its own, so the link leads to its first one.
    return f"#{field.id_for_label or f'{field.auto_id}_0'}"
