"""The actions of portal.admin.actions: buttons on a row's page, bulk actions on its list."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
)
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from connect.models import SchemaFate
from portal.admin import actions
from portal.admin.actions import Action, Options, Subject
from portal.admin.base import PortalAdmin

BulkAction = Callable[[Any, HttpRequest, QuerySet[Any]], HttpResponseBase | None]
CONFIRMED = "confirmed"
# Each one is named on the confirmation page, and a person can read so many.
MOST_THAT_HURT = 200


class EndForm(forms.Form):
    """What is asked before a connection is ended."""

    schema_fate = forms.ChoiceField(
        label="The tenant's schema in Postgres",
        choices=SchemaFate.choices,
        initial=SchemaFate.KEEP,
        widget=forms.RadioSelect,
    )


class ActionsAdmin(PortalAdmin):
    """A model whose rows staff act on. A row is a tenant, or leads to one."""

    def subject(self, row: Any) -> Subject:
        """Return what an action on this row is done to."""
        raise NotImplementedError

    # --- one row: a button -----------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.act)
        own = path("<int:pk>/do/<slug:name>/", view, name=self._view_name("act"))
        return [own, *super().get_urls()]

    def act(self, request: HttpRequest, pk: int, name: str) -> HttpResponseBase:
        """Queue an action for one row. GET shows the confirmation of those that hurt, else 405."""
        action = actions.ACTIONS.get(name)
        if action is None:
            raise Http404
        row = self.get_object(request, str(pk))
        may_view = self.has_view_permission(request, row)
        if not may_view or not request.user.has_perm(action.permission):
            raise PermissionDenied
        if row is None:
            raise Http404
        page = reverse(f"admin:{self._view_name('change')}", args=[pk])
        return self._confirm_and_run(request, action, [row], page)

    def buttons(self, request: HttpRequest, row: Any) -> list[dict[str, Any]]:
        """Return the buttons that fit a person's role and the row's state."""
        return [
            {
                "label": action.label,
                "hurts": action.hurts,
                "url": reverse(f"admin:{self._view_name('act')}", args=[row.pk, action.name]),
            }
            for action in actions.fitting(request.user, self.subject(row))
        ]

    # --- many rows: a bulk action ----------------------------------------------------------------

    def get_actions(self, request: HttpRequest) -> dict[str, tuple[Any, str, str] | None]:
        own = {
            action.name: (_bulk(action), action.name, action.label)
            for action in actions.allowed(request.user)
        }
        return {**super().get_actions(request), **own}

    def act_on_many(
        self, request: HttpRequest, action: Action, queryset: QuerySet[Any]
    ) -> HttpResponseBase | None:
        """Queue an action for the selected rows, after confirmation if it hurts."""
        if not action.hurts:
            self._run(request, action, queryset, {})
            return None
        rows = list(queryset[: MOST_THAT_HURT + 1])
        if len(rows) > MOST_THAT_HURT:
            text = f"Select {MOST_THAT_HURT} at the most for “{action.label}”. Nothing was done."
            self.message_user(request, text, messages.ERROR)
            return None
        return self._confirm_and_run(request, action, rows, request.get_full_path())

    # --- both ------------------------------------------------------------------------------------

    def _confirm_and_run(
        self, request: HttpRequest, action: Action, rows: list[Any], then: str
    ) -> HttpResponseBase:
        if not action.hurts:
            if request.method != "POST":
                return HttpResponseNotAllowed(["POST"])
            self._run(request, action, rows, {})
            return HttpResponseRedirect(then)
        form = EndForm(request.POST if CONFIRMED in request.POST else None)
        if request.method == "POST" and form.is_valid():
            self._run(request, action, rows, form.cleaned_data)
            return HttpResponseRedirect(then)
        return self._ask(request, action, rows, form, then)

    def _run(self, request: HttpRequest, action: Action, rows: Any, options: Options) -> None:
        subjects = map(self.subject, rows)
        result = actions.run(action, subjects, request.user.get_username(), options)
        level = messages.SUCCESS if result.queued else messages.WARNING
        self.message_user(request, str(result), level)

    def _ask(
        self, request: HttpRequest, action: Action, rows: list[Any], form: EndForm, back: str
    ) -> HttpResponse:
        judged = [(row, self.subject(row), action.why_not(self.subject(row))) for row in rows]
        legal = [(row, subject) for row, subject, reason in judged if not reason]
        plural = "" if len(legal) == 1 else "s"
        context = {
            **self.admin_site.each_context(request),
            "title": f"{action.label} {len(legal) or 'no'} tenant{plural}",
            "opts": self.opts,
            "action": action,
            "form": form,
            "legal": legal,
            "skipped": [(subject, reason) for _, subject, reason in judged if reason],
            "back": back,
            "confirmed": CONFIRMED,
            "checkbox": ACTION_CHECKBOX_NAME,
        }
        return TemplateResponse(request, "admin/confirm_action.html", context)

    def _view_name(self, view: str) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_{view}"


def _bulk(action: Action) -> BulkAction:
    def act(
        modeladmin: ActionsAdmin, request: HttpRequest, queryset: QuerySet[Any]
    ) -> HttpResponseBase | None:
        return modeladmin.act_on_many(request, action, queryset)

    return act
