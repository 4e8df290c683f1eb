"""A form that is sent twice acts once.

Each page puts a new number into its forms. A double click sends the same number twice, and the
database holds each number once (BulkRun.key).
"""

from uuid import UUID, uuid4, uuid5

from django import forms
from django.contrib.admin.helpers import ActionForm
from django.http import HttpRequest

FIELD = "press"


class ListForm(ActionForm):
    """The form of a list's actions, with the page's number."""

    press = forms.UUIDField(label="", required=False, initial=uuid4, widget=forms.HiddenInput)


def key(request: HttpRequest) -> UUID | None:
    """Return a number that is the same for a form that is sent twice; None for other forms."""
    try:
        page = UUID(request.POST.get(FIELD, ""))
    except ValueError:
        return None
    # The answers too: after “Back” a browser shows the old page, and other rows may be selected.
    return uuid5(
        page, f"{request.user.pk} {request.get_full_path()} {sorted(request.POST.lists())}"
    )
