"""Roll-outs: how they are made, and how staff control them."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from connect import holds
from connect.models import Rollout, RolloutItem, RolloutItemStatus, RolloutStatus
from connect.rollouts import creating
from connect.rollouts.status import TransitionRefused
from portal import counts
from portal.actions.result import Unmet
from portal.admin.forms.rollout import RolloutForm
from portal.admin.kit.actions import ActionsAdmin
from portal.admin.kit.filters import AttentionFilter
from portal.admin.panels import rollout as panel
from portal.admin.panels import rollout_preview

REFRESH_SECONDS = 5  # while the worker is at work on it
PREVIEW = "_preview"  # the button that shows what a roll-out would do, and makes none
_REFUSAL = "rollout_refusal"  # the attribute of a request whose roll-out could not be made


@admin.register(Rollout)
class RolloutAdmin(ActionsAdmin):
    """A roll-out is made here and never changed; actions control it."""

    form = RolloutForm
    empty = "A roll-out brings tenants to another version: a canary group first, then waves."
    change_form_template = "admin/connect/rollout/change_form.html"
    change_list_template = "admin/connect/rollout/change_list.html"
    list_display = ("__str__", "coloured_status", "why", "progress", "author", "created_at")
    list_filter = (AttentionFilter, "status", "kind")
    list_select_related = ("template",)
    tally_by = "status"
    search_fields = ("notes", "author")
    date_hierarchy = "created_at"
    exports = (
        *("id", "kind", "template__version", "status", "pause_reason", "tenants"),
        *("done", "skipped", "refused", "failed", "author", "created_at", "notes"),
    )
    fieldsets = (
        ("What", {"fields": ("kind", "template", "api_version", "notes")}),
        (
            "To whom",
            {
                "fields": (
                    "org_ids",
                    "environment",
                    "plan",
                    "version_now",
                    "api_version_now",
                    "tag",
                    "share",
                )
            },
        ),
        (
            "How",
            {
                "fields": (
                    "canary_size",
                    "canary_tag",
                    "hold_after_canary",
                    "wave_size",
                    "failure_limit",
                    "prune",
                )
            },
        ),
    )

    def tone(self, value: Any) -> str:
        return panel.TONES[RolloutStatus(value)]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        shown = (
            *("notes", "author", "created_at", "started_at", "finished_at"),
            *("canary_size", "hold_after_canary", "wave_size", "failure_limit", "prune"),
        )
        return [(None, {"fields": shown})] if obj else self.fieldsets

    def rows_of_page(self, request: HttpRequest, listed: ChangeList) -> Any:
        rows = list(super().rows_of_page(request, listed).annotate(**_tenants_by_status()))
        held = holds.of_rollouts(rows, timezone.now())
        for row in rows:
            row.holds = held[row.pk]
        return rows

    def exported(self, queryset: QuerySet[Rollout]) -> QuerySet[Rollout]:
        tenants = counts.of(RolloutItem.objects.all(), "rollout")
        return queryset.annotate(tenants=tenants, **_tenants_by_status())

    def save_model(self, request: HttpRequest, obj: Rollout, form: Any, change: bool) -> None:
        form.create(request.user.get_username())
        unmet = [Unmet(each.name, each.why) for each in form.unmet]
        self._report_unmet(request, "Left out", unmet, messages.WARNING)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Its tenants are stored with it."""

    def response_post_save_add(self, request: HttpRequest, obj: Rollout) -> HttpResponseRedirect:
        """Lead to its page, where the check is followed and the roll-out is started."""
        return HttpResponseRedirect(reverse("admin:connect_rollout_change", args=[obj.pk]))

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        try:
            return super().add_view(request, form_url, extra_context)
        # Caught outside Django's transaction, which has to be rolled back first. The form is shown
        # again with the reason, and with all that was typed.
        except TransitionRefused as reason:
            setattr(request, _REFUSAL, f"{reason}.")
            return super().add_view(request, form_url, extra_context)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form: Any = super().get_form(request, obj, change, **kwargs)
        # Django makes a class for each request.
        form.refusal = getattr(request, _REFUSAL, "")
        form.previews = PREVIEW in request.POST
        return form

    # --- pages -----------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.api_versions)
        own = path("api-versions/", view, name="connect_rollout_api_versions")
        return [own, *super().get_urls()]

    def api_versions(self, request: HttpRequest) -> HttpResponse:
        """Show how many connections use which Salesforce API version."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        live = creating.eligible().values("api_version")
        context = {
            **self.admin_site.each_context(request),
            "title": "Salesforce API versions",
            "opts": self.opts,
            "versions": live.annotate(count=Count("pk")).order_by("api_version"),
            "may_add": self.has_add_permission(request),
        }
        return TemplateResponse(request, "admin/connect/rollout/api_versions.html", context)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        rollout = context.get("original")
        if rollout is None:
            context["preview"] = _preview(context["adminform"].form)
            return super().render_change_form(request, context, *args, **kwargs)
        context |= panel.context(rollout)
        if rollout.status in (RolloutStatus.CHECKING, RolloutStatus.RUNNING):
            context["every"] = REFRESH_SECONDS
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description="status", ordering="status")
    def coloured_status(self, rollout: Rollout) -> str:
        return panel.status_badge(rollout)

    @admin.display(description="why")
    def why(self, rollout: Any) -> str:
        return rollout.pause_reason or holds.in_words(rollout.holds)

    @admin.display(description="tenants")
    def progress(self, rollout: Any) -> str:
        tenants = {status.value: getattr(rollout, status.value) for status in RolloutItemStatus}
        return panel.bar(str(rollout), tenants).render()


def _tenants_by_status() -> dict[str, Coalesce]:
    """Return the counts of a roll-out's tenants, each under the name of the status."""
    items = RolloutItem.objects.all()
    return {
        status.value: counts.of(items.filter(status=status), "rollout")
        for status in RolloutItemStatus
    }


def _preview(form: RolloutForm) -> rollout_preview.Preview | None:
    """Return what the roll-out would do; None where nobody asked, or the form is wrong."""
    if not form.previews or form.errors:
        return None
    ordered = creating.in_order(form.instance, form.chosen, form.first)
    return rollout_preview.of(form.instance, ordered, form.unmet)
