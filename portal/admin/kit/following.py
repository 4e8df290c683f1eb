"""Pages that follow what was pressed on them, until the worker has done it."""

from typing import Any

from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_safe

from portal.admin.kit.actions import MAX_PRESSES, ActionsAdmin
from portal.models import BulkItem, BulkItemStatus
from portal.outcomes import OPEN

# Seconds between refreshes; 0: no refresh. What was only started may take minutes or days.
FOLLOWED, STARTED, ENDED = 2, 10, 0


class FollowingAdmin(ActionsAdmin):
    """A model whose actions the worker does. Its pages show each outcome when it is there."""

    change_form_template = "admin/change_form_following.html"

    def row_to_follow(self, request: HttpRequest, pk: str) -> Any:
        """Return the row whose actions are followed, or None."""
        return self.get_object(request, pk)

    def follow_url(self, row: Any) -> str:
        """Return the address of the parts of a row's page that follow its actions."""
        return reverse(f"admin:{self._view_name('follow')}", args=[quote(row.pk)])

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_safe(self.follow))
        own = path("<str:pk>/follow/", view, name=self._view_name("follow"))
        return [own, *super().get_urls()]

    def follow(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Return the buttons of a row, and what was pressed on it."""
        row = self.row_to_follow(request, unquote(pk))
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        if row is None:
            raise Http404
        # One that was deleted is only followed to the outcome.
        buttons = self.buttons(request, row) if row.pk else []
        context = {**self._followed(row), "buttons": buttons}
        return TemplateResponse(request, "admin/includes/following.html", context)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        row = context.get("original")
        if row is not None and "presses" not in context:
            context |= {**self._followed(row), "follow_url": self.follow_url(row)}
        return super().render_change_form(request, context, *args, **kwargs)

    def _followed(self, row: Any) -> dict[str, Any]:
        presses = list(self.presses(row)[:MAX_PRESSES])
        return {"presses": presses, "every": _every(presses)}


def _every(presses: list[BulkItem]) -> int:
    found = {each.status for each in presses}
    if found & {*OPEN}:
        return FOLLOWED
    return STARTED if BulkItemStatus.STARTED in found else ENDED
