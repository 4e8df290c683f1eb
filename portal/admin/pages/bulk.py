"""What was asked of many tenants at once: how far it is, and what came of each."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST

from connect.models import SchemaFate
from portal import bulk
from portal.admin.kit import search, show
from portal.admin.kit.actions import ACTIONS
from portal.admin.kit.base import ReadOnlyAdmin
from portal.models import BulkItem, BulkRun, ItemStatus

TONES = {
    ItemStatus.WAITING: show.QUIET,
    ItemStatus.RUNNING: show.BUSY,
    ItemStatus.DONE: show.GOOD,
    ItemStatus.SKIPPED: show.QUIET,
    ItemStatus.FAILED: show.BAD,
    ItemStatus.CANCELLED: show.WAIT,
}
LOOK_EVERY = 1  # seconds, while it runs
MOST_REASONS = 20
MOST_NAMES = 100


@admin.register(BulkRun)
class BulkRunAdmin(ReadOnlyAdmin):
    empty = "Choose several tenants in their list and an action: its progress is shown here."
    change_form_template = "admin/portal/bulkrun/change_form.html"
    list_display = (
        "what",
        "actor",
        "created_at",
        "state",
        "done",
        "skipped",
        "failed",
        "finished_at",
    )
    list_filter = ("action",)
    date_hierarchy = "created_at"
    ordering = ("-pk",)
    search_fields = ("actor", "label")

    def get_queryset(self, request: HttpRequest) -> QuerySet[BulkRun]:
        runs: QuerySet[BulkRun] = super().get_queryset(request)
        of = {s: Count("items", filter=Q(items__status=s)) for s in ("done", "skipped", "failed")}
        return runs.annotate(**{f"items_{status}": count for status, count in of.items()})

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/live/", view(self.live), name="portal_bulkrun_live"),
            path("<int:pk>/cancel/", view(self.cancel), name="portal_bulkrun_cancel"),
            path("<int:pk>/again/", view(self.again), name="portal_bulkrun_again"),
            *super().get_urls(),
        ]

    def heading(self, row: Any) -> tuple[str, str]:
        return str(row), f"asked by {row.actor}, {row.created_at:%-d %b %Y, %H:%M}"

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context |= self._progress(request, context["original"])
        return super().render_change_form(request, context, *args, **kwargs)

    def live(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Answer the parts of the page that change while the run goes on."""
        run = self._run(request, pk)
        return TemplateResponse(
            request, "admin/portal/bulkrun/live.html", self._progress(request, run)
        )

    @method_decorator(require_POST)
    def cancel(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Stop the run after the tenant in hand."""
        run = self._run(request, pk, to_act=True)
        spared = bulk.cancel(run.pk, request.user.get_username())
        self.message_user(request, f"Cancelled: {spared} of {run.total} were not begun.")
        return self._to(run)

    @method_decorator(require_POST)
    def again(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Start a new run over those that failed or were cancelled."""
        run = self._run(request, pk, to_act=True)
        left = run.items.filter(status__in=(ItemStatus.FAILED, ItemStatus.CANCELLED))
        chosen = list(left.select_related("tenant", "connection"))
        if not run.finished_at or not chosen:
            raise Http404
        fresh = BulkRun(
            action=run.action,
            label=run.label,
            options=run.options,
            actor=request.user.get_username(),
            total=len(chosen),
        )
        items = [BulkItem(run=fresh, tenant=i.tenant, connection=i.connection) for i in chosen]
        return self._to(bulk.start(fresh, items))

    def _run(self, request: HttpRequest, pk: int, *, to_act: bool = False) -> BulkRun:
        run: BulkRun | None = self.get_object(request, str(pk))
        if not self.has_view_permission(request, run) or (
            to_act and run is not None and not _may_act(request, run)
        ):
            raise PermissionDenied
        if run is None:
            raise Http404
        return run

    def _to(self, run: BulkRun) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:portal_bulkrun_change", args=[run.pk]))

    def _progress(self, request: HttpRequest, run: BulkRun) -> dict[str, Any]:
        counts = bulk.counts(run)
        ended = run.total - counts[ItemStatus.WAITING] - counts[ItemStatus.RUNNING]
        items = reverse("admin:portal_bulkitem_changelist") + f"?run__id__exact={run.pk}"
        return {
            "run": run,
            "counts": [
                (status.label, counts[status], TONES[status], f"{items}&status__exact={status}")
                for status in ItemStatus
                if counts[status]
            ],
            "ended": ended,
            "tone": "wait" if run.waiting_for else ("bad" if counts["failed"] else "good"),
            "every": 0 if run.finished_at else LOOK_EVERY,
            "answers": _answers(run),
            "in_hand": run.items.filter(status=ItemStatus.RUNNING).select_related("tenant").first(),
            "skipped": _by_reason(run),
            "failed": run.items.filter(status=ItemStatus.FAILED).select_related("tenant")[
                :MOST_NAMES
            ],
            "all_items": items,
            "may_act": _may_act(request, run),
            "left": counts["failed"] + counts["cancelled"],
        }

    @admin.display(description="what", ordering="pk")
    def what(self, run: BulkRun) -> str:
        return str(run)

    @admin.display(description="state")
    def state(self, run: BulkRun) -> str:
        if run.cancelled_at:
            return show.badge("Cancelled", show.WAIT)
        if run.finished_at:
            return show.badge("Finished", show.GOOD)
        return show.badge("Waiting" if run.waiting_for else "At work", show.BUSY)

    @admin.display(description="done")
    def done(self, run: Any) -> int:
        return int(run.items_done)

    @admin.display(description="skipped")
    def skipped(self, run: Any) -> int:
        return int(run.items_skipped)

    @admin.display(description="failed")
    def failed(self, run: Any) -> int:
        return int(run.items_failed)


def _may_act(request: HttpRequest, run: BulkRun) -> bool:
    """Whoever may do the action may also stop it, or do it again."""
    action = ACTIONS.get(run.action)
    return action is not None and request.user.has_perm(action.permission)


def _answers(run: BulkRun) -> list[tuple[str, str]]:
    """Return what was answered to the action's question, in words."""
    words = []
    if "until" in run.options:
        until = datetime.fromisoformat(run.options["until"])
        words.append(("Until", f"{until:%-d %b %Y, %H:%M} UTC"))
    if "note" in run.options:
        words.append(("Why", str(run.options["note"])))
    if "schema_fate" in run.options:
        words.append(("Schema", SchemaFate(run.options["schema_fate"]).label))
    return words


def _by_reason(run: BulkRun) -> list[dict[str, Any]]:
    """Return why tenants were skipped, the commonest reason first, each with how many."""
    skipped = run.items.filter(status=ItemStatus.SKIPPED).order_by()
    reasons = skipped.values("text").annotate(tenants=Count("pk")).order_by("-tenants", "text")
    return [dict(row) for row in reasons[:MOST_REASONS]]


@admin.register(BulkItem)
class BulkItemAdmin(ReadOnlyAdmin):
    list_display = ("tenant", "run", "outcome", "text", "attempts", "ended_at")
    list_filter = ("status",)
    list_select_related = ("tenant", "run")
    ordering = ("-pk",)
    tenant_path = "tenant"
    tally_by = "status"
    tally_newest = True
    search_fields = ("text",)
    search_help_text = search.HELP
    exports = (
        "run__id",
        "run__label",
        "run__actor",
        "tenant__name",
        "tenant__org_id",
        "status",
        "text",
        "attempts",
        "ended_at",
    )
    fields = ("run", "tenant", "connection", "status", "text", "attempts", "ended_at")

    def tone(self, value: Any) -> str:
        return TONES[ItemStatus(value)]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return lookup == "run__id__exact" or super().lookup_allowed(lookup, value, request)

    @admin.display(description="outcome", ordering="status")
    def outcome(self, item: BulkItem) -> str:
        return show.badge(item.get_status_display(), TONES[ItemStatus(item.status)])
