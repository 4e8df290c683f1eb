"""The actions of portal.admin.kit.actions: buttons on a row's page, bulk actions on its list."""

from collections.abc import Callable
from typing import Any

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

from portal import bulk
from portal.admin.kit import actions
from portal.admin.kit.actions import Action, Options, Subject
from portal.admin.kit.base import PortalAdmin
from portal.admin.kit.forms import Question
from portal.models import BulkItem, BulkRun

BulkAction = Callable[[Any, HttpRequest, QuerySet[Any]], HttpResponseBase | None]
CONFIRMED = "confirmed"
SELECT_ACROSS = "select_across"
# Each one is named on the confirmation page, and a person can read so many.
MOST_THAT_HURT = 200
MOST_IN_A_RUN = 10_000
MOST_NAMES = 50  # on the confirmation page of what does not hurt


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
        if action.question is None:
            if request.method != "POST":
                return HttpResponseNotAllowed(["POST"])
            return self._press(request, action, row, {}, page)
        form = self._form(request, action, [row])
        if form.is_valid():
            return self._press(request, action, row, form.options(), page)
        return self._ask(request, action, [row], form, page)

    def _press(
        self, request: HttpRequest, action: Action, row: Any, options: Options, then: str
    ) -> HttpResponse:
        subject = self.subject(row)
        reason = actions.press(action, subject, request.user.get_username(), options)
        if reason:
            text = f"Skipped {subject.tenant}: {reason}."
            self.message_user(request, text, messages.WARNING)
        else:
            text = f"“{action.label}” is queued for {subject.tenant}."
            self.message_user(request, text, messages.SUCCESS)
        return HttpResponseRedirect(then)

    def buttons(self, request: HttpRequest, row: Any) -> list[dict[str, Any]]:
        """Return the buttons that fit a person's role and the row's state."""
        return [
            {
                "label": action.label,
                "hurts": action.hurts,
                "weight": _weight(action),
                "asks": action.question is not None,
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
        """Start a run over the selected rows, after the question if the action has one."""
        most = MOST_THAT_HURT if action.hurts else MOST_IN_A_RUN
        rows = list(queryset[: most + 1])
        if len(rows) > most:
            text = f"Select {most:,} at the most for “{action.label}”. Nothing was done."
            self.message_user(request, text, messages.ERROR)
            return None
        if action.question is None:
            return self._start(request, action, rows, {})
        form = self._form(request, action, rows)
        if form.is_valid():
            return self._start(request, action, rows, form.options())
        return self._ask(request, action, rows, form, request.get_full_path())

    def _start(
        self, request: HttpRequest, action: Action, rows: list[Any], options: Options
    ) -> HttpResponse:
        run = BulkRun(
            action=action.name,
            label=action.label,
            options=dict(options),
            actor=request.user.get_username(),
            total=len(rows),
        )
        subjects = map(self.subject, rows)
        bulk.start(
            run, [BulkItem(run=run, tenant=s.tenant, connection=s.connection) for s in subjects]
        )
        return HttpResponseRedirect(reverse("admin:portal_bulkrun_change", args=[run.pk]))

    # --- both ------------------------------------------------------------------------------------

    def _form(self, request: HttpRequest, action: Action, rows: list[Any]) -> Question:
        """Return the action's question, filled if it was answered, for the rows that are legal."""
        assert action.question is not None  # noqa: S101  (the callers asked)
        legal = [s for s in map(self.subject, rows) if not action.why_not(s)]
        phrase = str(legal[0].tenant) if len(legal) == 1 else f"{len(legal)} tenants"
        answered = request.method == "POST" and CONFIRMED in request.POST
        return action.question(request.POST if answered else None, phrase=phrase)

    def _ask(
        self, request: HttpRequest, action: Action, rows: list[Any], form: Question, back: str
    ) -> HttpResponse:
        judged = [(row, self.subject(row), action.why_not(self.subject(row))) for row in rows]
        legal = [(row, subject) for row, subject, reason in judged if not reason]
        skipped = [(subject, reason) for _, subject, reason in judged if reason]
        across = request.POST.get(SELECT_ACROSS) == "1"
        plural = "" if len(legal) == 1 else "s"
        most = MOST_THAT_HURT if action.hurts else MOST_NAMES
        context = {
            **self.admin_site.each_context(request),
            "title": f"{action.label}: {len(legal) or 'no'} tenant{plural}",
            "opts": self.opts,
            "action": action,
            "form": form,
            "legal": legal[:most],
            "legal_more": len(legal[most:]),
            "skipped": skipped[:most],
            "skipped_more": len(skipped[most:]),
            "chosen": [row.pk for row, _ in (legal[:1] if across else legal)],
            "across": across,
            "back": back,
            "confirmed": CONFIRMED,
            "checkbox": ACTION_CHECKBOX_NAME,
            "select_across": SELECT_ACROSS,
        }
        return TemplateResponse(request, "admin/confirm_action.html", context)

    def _view_name(self, view: str) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_{view}"


def _weight(action: Action) -> str:
    """Return a button's class: what ends something warns, what moves a tenant on stands out."""
    if action.hurts:
        return "do-hurts"
    return "" if action.name in _MOVES_ON else "button-quiet"


_MOVES_ON = ("approve", "retry", "resume")


def _bulk(action: Action) -> BulkAction:
    def act(
        modeladmin: ActionsAdmin, request: HttpRequest, queryset: QuerySet[Any]
    ) -> HttpResponseBase | None:
        return modeladmin.act_on_many(request, action, queryset)

    return act
