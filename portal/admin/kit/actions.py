"""The one view that runs actions: buttons on a row's page, bulk actions on its list.

GET never changes state. An action that asks is done only after its confirmation page was answered.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
)
from django.urls import URLPattern, path, reverse

from portal import audit
from portal.actions import action as registry
from portal.actions import runs
from portal.actions.action import Action, Options, Target, Work
from portal.actions.result import Result, Unmet
from portal.admin.kit import back, buttons, following, menu, once
from portal.admin.kit.base import PortalAdmin
from portal.admin.kit.buttons import Button
from portal.admin.kit.confirm import CONFIRMED, Click, confirmation
from portal.door import reentry
from portal.models import AuditKind, BulkItem

BulkAction = Callable[[Any, HttpRequest, QuerySet[Any]], HttpResponseBase | None]
# The confirmation page names each of them, and a person can read this many.
MAX_DESTRUCTIVE = 200
MAX_IN_A_RUN = 10_000
MAX_UNPROVEN = 20  # targets at once, without proving again who one is
MAX_REPORTED = 10  # that were skipped, in messages
MAX_PRESSES = 5  # on a row's page


class ActionsAdmin(PortalAdmin):
    """A model whose rows staff act on. Its actions are those registered for the model."""

    change_form_template = "admin/change_form_with_actions.html"
    action_form = once.ListForm
    noun = ""  # what the actions are run on, in the plural; "" for the model's own name

    def subject(self, row: Any) -> Target:
        """Return what an action on this row is run on."""
        return row

    def captions(self, targets: Sequence[Target]) -> list[str]:
        """Return what the confirmation page says of each target, beside its name."""
        return ["" for _ in targets]

    def row_to_act_on(self, request: HttpRequest, pk: str) -> Any:
        """Return the row with this key, or None."""
        return self.get_object(request, pk)

    def page_of(self, row: Any) -> str:
        """Return the address of the page from which a row is acted on."""
        return reverse(f"admin:{self._view_name('change')}", args=[quote(row.pk)])

    def presses(self, row: Any) -> QuerySet[BulkItem]:
        """Return what was pressed on a row and done by the worker, the newest first."""
        return runs.of(self.model, self.subject(row))

    # --- buttons ---------------------------------------------------------------------------------

    def buttons(self, request: HttpRequest, row: Any) -> list[Button]:
        """Return the buttons that a user's role permits and the row's state allows."""
        actions = registry.offered(self.model, request.user, self.subject(row))
        return [self._button(each, quote(row.pk)) for each in actions]

    def _button(self, action: Action, *row: str, primary: bool | None = None) -> Button:
        """Make a button. `primary` None: the action itself says whether it stands out."""
        view = "act" if row else "act_on_all"
        url = reverse(f"admin:{self._view_name(view)}", args=[*row, action.name])
        # Hidden fields are filled by the page, and only a POST takes them to the question.
        posts = not action.asks or (action.form is not None and not action.form.is_visible)
        weight = (
            buttons.weight(action)
            if primary is None
            else buttons.weight_beside(action, primary=primary)
        )
        return Button(
            action.label,
            action.explains,
            url,
            action.asks,
            posts,
            weight,
            action.name,
            action.destructive,
        )

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        row = context.get("original")
        if row is not None:
            # A page may have chosen its buttons already.
            context.setdefault("buttons", self.buttons(request, row))
            if "presses" not in context:
                context["presses"] = list(self.presses(row)[:MAX_PRESSES])
            context.setdefault("every", following.every(context["presses"]))
            context.setdefault("live_url", self.page_of(row))
            context |= {"here": self.page_of(row), **following.frame(request)}
        return super().render_change_form(request, context, *args, **kwargs)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        actions = registry.offered(self.model, request.user, self._all(), of_rows=False)
        context = {"buttons": [self._button(each) for each in actions]}
        return super().changelist_view(request, {**context, **(extra_context or {})})

    # --- the view --------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("do/<slug:name>/", view(self.act_on_all), name=self._view_name("act_on_all")),
            path("<str:pk>/do/<slug:name>/", view(self.act), name=self._view_name("act")),
        ]
        # Before Django's own, which take any path for a row's key.
        return [*own, *super().get_urls()]

    def act(self, request: HttpRequest, pk: str, name: str) -> HttpResponseBase:
        """Run an action on one row, or show its confirmation page."""
        action = self._action(name, of_rows=True)
        row = self.row_to_act_on(request, unquote(pk))
        if row is None:
            raise Http404
        # admin_view asks only whether the user is staff.
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        where = back.of(request) or self.page_of(row)
        return self._answer(request, self._click(request, action, [self.subject(row)], where))

    def act_on_all(self, request: HttpRequest, name: str) -> HttpResponseBase:
        """Run an action that needs no row, or show its confirmation page."""
        action = self._action(name, of_rows=False)
        if not self.has_view_permission(request):
            raise PermissionDenied
        where = reverse(f"admin:{self._view_name('changelist')}")
        return self._answer(request, self._click(request, action, [self._all()], where))

    def act_on_many(
        self, request: HttpRequest, action: Action, queryset: QuerySet[Any], **how: Any
    ) -> HttpResponseBase | None:
        """Run an action on the selected rows, after its confirmation page if it has one.

        `how` are fields of the Click, where another page than the list has the rows.
        """
        limit = MAX_DESTRUCTIVE if action.destructive else MAX_IN_A_RUN
        # One more than allowed is enough to notice.
        rows = list(queryset[: limit + 1])
        if len(rows) > limit:
            text = f"Select {limit:,} at the most for “{action.label}”. Nothing was done."
            self.message_user(request, text, messages.ERROR)
            return None
        # Several rows may be about the same tenant.
        targets = list(dict.fromkeys(self.subject(row) for row in rows))
        where = back.of(request) or request.get_full_path()
        return self._answer(request, self._click(request, action, targets, where, rows, **how))

    def get_actions(
        self, request: HttpRequest, action_location: Any = None
    ) -> dict[str, tuple[Any, str, str] | None]:
        # From Django 6.1 on, the page of a row is asked for too. It has buttons of our own.
        if getattr(action_location, "name", "") == "CHANGE_FORM":
            return {}
        # What cannot be undone stands last.
        known = sorted(registry.of(self.model).values(), key=lambda each: each.destructive)
        own = {
            each.name: (_bulk(each), each.name, each.label)
            for each in known
            if each.in_bulk and each.allows(request.user)
        }
        return {**super().get_actions(request), **own}

    def get_action_choices(
        self, request: HttpRequest, default_choices: Any = None, action_location: Any = None
    ) -> list[Any]:
        given = () if default_choices is None else (default_choices,)
        choices = super().get_action_choices(request, *given)
        return menu.grouped(choices, registry.of(self.model))

    # --- steps of the view -----------------------------------------------------------------------

    def _action(self, name: str, *, of_rows: bool) -> Action:
        action = registry.of(self.model).get(name)
        if action is None or action.of_rows != of_rows:
            raise Http404
        return action

    def _click(
        self,
        request: HttpRequest,
        action: Action,
        targets: list[Target],
        back: str,
        rows: Sequence[Model] = (),
        **how: Any,
    ) -> Click:
        if not all(action.allows(request.user, each) for each in targets):
            raise PermissionDenied
        noun = self.noun or str(self.opts.verbose_name_plural)
        actor = request.user.get_username()
        judged = registry.judge(action, targets, actor)
        first = judged.possible[:1]
        reach = action.reach(first[0], actor) if action.reach and first else None
        return Click(action, targets, judged, back, noun, rows, reach=reach, **how)

    def _answer(self, request: HttpRequest, click: Click) -> HttpResponseBase:
        action, posted = click.action, request.method == "POST"
        if not posted and not action.asks:
            # A browser may follow a link by itself, and the login page returns to it.
            text = f"“{action.label}” was not done. Press the button to do it."
            self.message_user(request, text, messages.WARNING)
            return HttpResponseRedirect(click.back)
        answered = posted and (CONFIRMED in request.POST or not click.asks)
        # An action that has become impossible needs no valid answer.
        if answered and not click.runs_later and not click.judged.possible:
            return self._report(request, click, Result(skipped=click.judged.refused))
        form = click.form(request.POST if posted else None, answered=answered)
        if not answered or (form is not None and not form.is_valid()):
            return confirmation(self, request, click, form)
        if action.destructive or action.guarded or click.size > MAX_UNPROVEN:
            reentry.ask(request)
        options = form.options() if form is not None else {}
        return self._report(request, click, self._run(request, click, options))

    def _run(self, request: HttpRequest, click: Click, options: Options) -> Result:
        action, actor = click.action, request.user.get_username()
        if not isinstance(action.how, Work):
            result = action.how(click.judged.possible, actor, options)
            return result.with_skipped(click.judged.refused)
        targets = click.targets if click.runs_later else click.judged.possible
        result = runs.start(action, targets, actor, options, once.key(request))
        # The page of one row shows what was pressed on it.
        return replace(result, then=None) if action.of_rows and click.is_one else result

    def _report(self, request: HttpRequest, click: Click, result: Result) -> HttpResponse:
        """Show what was done, skipped and failed, on the page that shows the result."""
        self._note(request, click, result)
        if result.text:
            text = f"“{click.action.label}” {result.text}"
            self.message_user(request, text, messages.SUCCESS)
        self._report_unmet(request, "Skipped", result.skipped, messages.WARNING)
        self._report_unmet(request, "Failed for", result.failed, messages.ERROR)
        then = None if back.of(request) else result.then
        return HttpResponseRedirect(_page(then) if then else click.back)

    def _note(self, request: HttpRequest, click: Click, result: Result) -> None:
        names = map(click.action.naming, click.targets[:MAX_REPORTED])
        about = (
            ", ".join(names)
            if len(click.targets) <= MAX_REPORTED
            else (f"{len(click.targets):,} {click.noun}")
        )
        unmet = [f"{each.name}: {each.why}." for each in (*result.skipped, *result.failed)]
        outcome = "\n".join([result.text, *unmet[:MAX_REPORTED]]).strip()
        what = click.action.label
        audit.note(AuditKind.PRESSED, what, request=request, about=about, result=outcome)

    def _report_unmet(
        self, request: HttpRequest, how: str, unmet: Sequence[Unmet], level: int
    ) -> None:
        for each in unmet[:MAX_REPORTED]:
            self.message_user(request, f"{how} {each.name}: {each.why}.", level)
        if len(unmet) > MAX_REPORTED:
            more = len(unmet) - MAX_REPORTED
            self.message_user(request, f"{how} {more:,} more.", level)

    def _all(self) -> Target:
        return str(self.opts.verbose_name_plural)

    def _view_name(self, view: str) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_{view}"


def _page(row: Model) -> str:
    view = f"admin:{row._meta.app_label}_{row._meta.model_name}_change"
    return reverse(view, args=[quote(row.pk)])


def _bulk(action: Action) -> BulkAction:
    def act(
        modeladmin: ActionsAdmin, request: HttpRequest, queryset: QuerySet[Any]
    ) -> HttpResponseBase | None:
        return modeladmin.act_on_many(request, action, queryset)

    return act
