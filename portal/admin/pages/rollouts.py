"""What staff see of roll-outs, and how they steer them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, Value, When
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
)
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from connect.clients import budget
from connect.models import ApiBudget, ItemStatus, Rollout, RolloutItem, RolloutStatus
from connect.rollouts import creating, lifecycle, pace
from connect.rollouts.status import TransitionRefused
from portal.admin.kit import search, show
from portal.admin.kit.base import PortalAdmin, ReadOnlyAdmin
from portal.admin.pages.rollout_form import RolloutForm
from portal.admin.pages.steering import STEERS, PruneForm, Steer, fitting

MOST_SHOWN = 100
PACE = 200  # how many of the last tenants tell the pace
REFRESH_SECONDS = "5"
_TONES = {
    RolloutStatus.CHECKING: show.BUSY,
    RolloutStatus.READY: show.WAIT,
    RolloutStatus.RUNNING: show.BUSY,
    RolloutStatus.PAUSED: show.WAIT,
    RolloutStatus.CANCELLED: show.QUIET,
    RolloutStatus.DONE: show.GOOD,
}
_ITEM_TONES = {
    ItemStatus.CHECKING: show.BUSY,
    ItemStatus.REFUSED: show.BAD,
    ItemStatus.READY: show.QUIET,
    ItemStatus.WORKING: show.BUSY,
    ItemStatus.DONE: show.GOOD,
    ItemStatus.FAILED: show.BAD,
    ItemStatus.SKIPPED: show.QUIET,
}
# What staff have to look at comes first.
_ORDER = ("failed", "refused", "working", "checking", "ready", "done", "skipped")


@admin.register(Rollout)
class RolloutAdmin(PortalAdmin):
    """A roll-out is made here and never changed: it is steered."""

    form = RolloutForm
    empty = "Add one to bring tenants to another version: a few first, then the others in waves."
    change_form_template = "admin/connect/rollout/change_form.html"
    change_list_template = "admin/connect/rollout/change_list.html"
    list_display = ("__str__", "coloured_status", "progress", "failed", "author", "created_at")
    list_filter = ("status", "kind")
    list_select_related = ("template",)
    tally_by = "status"
    search_fields = ("notes", "author")
    date_hierarchy = "created_at"
    exports = ("id", "kind", "template__version", "status", "author", "created_at", "notes")
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
                    "hold_after_canary",
                    "wave_size",
                    "failure_limit",
                    "prune",
                )
            },
        ),
    )

    def tone(self, value: Any) -> str:
        return _TONES[RolloutStatus(value)]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        shown = (
            *("notes", "author", "created_at", "started_at", "finished_at"),
            *("canary_size", "hold_after_canary", "wave_size", "failure_limit", "prune"),
        )
        return [(None, {"fields": shown})] if obj else self.fieldsets

    def get_queryset(self, request: HttpRequest) -> QuerySet[Rollout]:
        found: QuerySet[Rollout] = super().get_queryset(request)
        bad = Q(items__status__in=[ItemStatus.FAILED, ItemStatus.REFUSED])
        return found.annotate(
            total=Count("items"),
            done=Count("items", filter=Q(items__status=ItemStatus.DONE)),
            bad=Count("items", filter=bad),
        )

    def save_model(self, request: HttpRequest, obj: Rollout, form: Any, change: bool) -> None:
        form.create(request.user.get_username())

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Its tenants are stored with it."""

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        try:
            return super().add_view(request, form_url, extra_context)
        except TransitionRefused as reason:
            self.message_user(request, f"{reason}.", messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())

    # --- steering --------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("api-versions/", view(self.api_versions), name="connect_rollout_api_versions"),
            path("<int:pk>/do/<slug:name>/", view(self.act), name="connect_rollout_act"),
        ]
        return [*own, *super().get_urls()]

    def act(self, request: HttpRequest, pk: int, name: str) -> HttpResponseBase:
        """Steer a roll-out by POST; those that ask show their page to a GET."""
        steer = STEERS.get(name)
        if steer is None:
            raise Http404
        if not self.has_view_permission(request) or not request.user.has_perm(steer.permission):
            raise PermissionDenied
        rollout = Rollout.objects.filter(pk=pk).first()
        if rollout is None:
            raise Http404
        page = reverse("admin:connect_rollout_change", args=[pk])
        if request.method != "POST":
            return self._ask(request, steer, rollout)
        try:
            steered = steer.run(pk, request.user.get_username(), request)
        except TransitionRefused as reason:
            self.message_user(request, f"{steer.label}: {reason}.", messages.WARNING)
            return HttpResponseRedirect(page)
        self.message_user(request, f"{steer.label}: done.", messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:connect_rollout_change", args=[steered.pk]))

    def _ask(self, request: HttpRequest, steer: Steer, rollout: Rollout) -> HttpResponse:
        warned = lifecycle.items_with_warnings(rollout).select_related("connection__tenant")
        context = {
            **self.admin_site.each_context(request),
            "title": f"{steer.label} roll-out {rollout.pk}: {rollout.aim}",
            "opts": self.opts,
            "steer": steer,
            "rollout": rollout,
            "warned": warned[:MOST_SHOWN] if steer.name == "start" else [],
            "warned_count": warned.count() if steer.name == "start" else 0,
            "form": PruneForm() if steer.name == "roll_back" else None,
        }
        return TemplateResponse(request, "admin/connect/rollout/act.html", context)

    # --- pages -----------------------------------------------------------------------------------

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
            return super().render_change_form(request, context, *args, **kwargs)
        context |= _shown(rollout)
        context["buttons"] = [
            {
                "label": each.label,
                "hurts": bool(each.asks),
                "url": reverse("admin:connect_rollout_act", args=[rollout.pk, each.name]),
            }
            for each in fitting(request.user, rollout)
        ]
        response = super().render_change_form(request, context, *args, **kwargs)
        if rollout.status in (RolloutStatus.CHECKING, RolloutStatus.RUNNING):
            response["Refresh"] = REFRESH_SECONDS
        return response

    @admin.display(description="status", ordering="status")
    def coloured_status(self, rollout: Rollout) -> str:
        return status_badge(rollout)

    @admin.display(description="done")
    def progress(self, rollout: Any) -> str:
        return f"{rollout.done} of {rollout.total}"

    @admin.display(description="failed or refused")
    def failed(self, rollout: Any) -> int:
        return int(rollout.bad)


def status_badge(rollout: Rollout) -> str:
    """Return a roll-out's status as a coloured word."""
    return show.badge(rollout.get_status_display(), _TONES[RolloutStatus(rollout.status)])


def _shown(rollout: Rollout) -> dict[str, Any]:
    """Return what the page shows, with the same queries however many tenants there are."""
    items = rollout.items.order_by()
    counts = dict(items.values_list("status").annotate(Count("pk")))
    total = sum(counts.values())
    ended = total - sum(counts.get(each, 0) for each in ("checking", "ready", "working"))
    whens = [When(status=status, then=Value(place)) for place, status in enumerate(_ORDER)]
    first = items.annotate(place=Case(*whens, output_field=IntegerField()))
    running = rollout.status == RolloutStatus.RUNNING
    return {
        "rollout": rollout,
        "badge": status_badge(rollout),
        "counts": [(ItemStatus(s).label, s, counts[s]) for s in _ORDER if counts.get(s)],
        "total": total,
        "ended": ended,
        "left": pace.time_left(_pace(rollout), total - ended) if running else None,
        "budget": _budget(),
        "waves": _waves(rollout),
        "items": first.select_related("connection__tenant").order_by("place", "wave", "pk")[
            :MOST_SHOWN
        ],
        "most_shown": MOST_SHOWN,
        "events": rollout.events.all()[:MOST_SHOWN],
    }


def _pace(rollout: Rollout) -> list[datetime]:
    """Return when the last tenants ended."""
    ended = rollout.items.filter(status__in=[ItemStatus.DONE, ItemStatus.FAILED])
    times = ended.order_by(F("finished_at").desc()).values_list("finished_at", flat=True)
    return [time for time in times[:PACE] if time]


def _waves(rollout: Rollout) -> Iterable[Any]:
    rows = rollout.items.order_by("wave").values("wave")
    return rows.annotate(
        total=Count("pk"),
        done=Count("pk", filter=Q(status=ItemStatus.DONE)),
        failed=Count("pk", filter=Q(status=ItemStatus.FAILED)),
    )


def _budget() -> int | None:
    row = ApiBudget.objects.filter(peer=budget.PEER).first()
    return row.remaining if row else None


@admin.register(RolloutItem)
class RolloutItemAdmin(ReadOnlyAdmin):
    list_display = (
        "connection",
        "rollout",
        "wave",
        "coloured_status",
        "step",
        "waiting_for",
        "last_error",
        "finished_at",
    )
    list_filter = ("status", "wave")
    list_select_related = ("connection__tenant", "rollout__template")
    tenant_path = "connection__tenant"
    tally_by = "status"
    tally_newest = True
    search_fields = ("last_error",)
    search_help_text = f"{search.HELP}, request id"
    found_by = ("last_request_id",)
    exports = (
        "rollout__id",
        "connection__tenant__name",
        "connection__tenant__org_id",
        "wave",
        "status",
        "step",
        "last_error",
        "last_request_id",
        "finished_at",
    )
    fields = (
        "rollout",
        "connection",
        "wave",
        "target",
        "came_from",
        "status",
        "step",
        "step_since",
        "attempts",
        "next_attempt_at",
        "waiting_for",
        "last_error",
        "last_request_id",
        "sends",
        "sent_at",
        "was_paused",
        "started_at",
        "finished_at",
        "findings_shown",
        "changes_shown",
    )

    def tone(self, value: Any) -> str:
        return _ITEM_TONES[ItemStatus(value)]

    @admin.display(description="status", ordering="status")
    def coloured_status(self, item: RolloutItem) -> str:
        return show.badge(item.get_status_display(), _ITEM_TONES[ItemStatus(item.status)])

    @admin.display(description="findings of the check")
    def findings_shown(self, item: RolloutItem) -> str:
        lines = [
            f"{each['severity']}: {each['where']}: {each['text']} [{each['rule']}]"
            for each in item.findings
        ]
        return show.preformatted("\n".join(lines) or "none")

    @admin.display(description="what changes, and what it costs")
    def changes_shown(self, item: RolloutItem) -> str:
        lines = [
            f"{each['object_name']} {each['name']}: {each['kind'].replace('_', ' ')}. "
            f"{each['cost']}"
            for each in item.changes
        ]
        return show.preformatted("\n".join(lines) or "nothing")
