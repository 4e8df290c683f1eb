"""Admin pages of collection runs, results, handles, posts and spending."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from portal import show
from portal.admin.kit.actions import ActionsAdmin
from portal.admin.kit.base import ReadOnlyAdmin
from portal.admin.kit.filters import AttentionFilter
from portal.dashboard import attention
from portal.dashboard.card import Card
from portal.dashboard.page import register
from portal.questions import later
from social import collection, dashboard
from social.models import (
    CollectionRun,
    Handle,
    Post,
    RunOutcome,
    Spend,
    TenantCollection,
)

MAX_TENANTS = 200  # on a run's page; those with errors first
_TONES = {
    RunOutcome.RUNNING: show.BUSY,
    RunOutcome.DONE: show.GOOD,
    RunOutcome.PARTIAL: show.WAIT,
    RunOutcome.FAILED: show.BAD,
    RunOutcome.INTERRUPTED: show.BAD,
}

attention.register(dashboard.CAPPED)
register(
    Card("posts", "Posts per day", dashboard.read, span=3, permission="social.view_collectionrun")
)


@admin.register(CollectionRun)
class CollectionRunAdmin(ReadOnlyAdmin, ActionsAdmin):
    empty = "A run starts every 15 minutes, unless collecting is switched off or not configured."
    change_list_template = "admin/social/collectionrun/change_list.html"
    change_form_template = "admin/social/collectionrun/change_form.html"
    list_display = (
        "started_at",
        "coloured_outcome",
        "trigger",
        "tenants",
        "tenants_skipped",
        "tenants_failed",
        "handles",
        "calls",
        "posts_paid",
        "inserted",
        "updated",
        "note",
    )
    list_filter = (AttentionFilter, "outcome", "trigger", "recount")
    date_hierarchy = "started_at"
    search_fields = ("actor", "note")
    fieldsets = (
        (
            "Run",
            {
                "fields": (
                    *("coloured_outcome", "note", "trigger", "actor", "recount"),
                    *("started_at", "finished_at"),
                )
            },
        ),
        (
            "Tenants",
            {
                "fields": (
                    *("tenants", "tenants_skipped", "tenants_failed", "handles"),
                    "handles_refused",
                )
            },
        ),
        ("X", {"fields": ("searches_done", "searches", "calls", "posts_paid", "posts_dropped")}),
        ("Written", {"fields": ("inserted", "updated")}),
    )

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        asked = later(request, collection.holds.asking(timezone.now()))
        context = {"holds": SimpleLazyObject(asked)}
        return super().changelist_view(request, {**context, **(extra_context or {})})

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        if obj is not None:
            context["holds"] = collection.holds(timezone.now())
            results = obj.by_tenant.select_related("connection__tenant")
            context["results"] = results.order_by("-error", "-skipped", "pk")[:MAX_TENANTS]
            everything = reverse("admin:social_tenantcollection_changelist")
            context["all_results"] = f"{everything}?run={obj.pk}"
        return super().render_change_form(request, context, add, change, form_url, obj)

    @admin.display(description="outcome", ordering="outcome")
    def coloured_outcome(self, run: CollectionRun) -> str:
        return show.badge(run.get_outcome_display(), _TONES[RunOutcome(run.outcome)])


class TroubleFilter(admin.SimpleListFilter):
    """Why a tenant did not get posts."""

    title = "trouble"
    parameter_name = "trouble"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("error", "Failed"), ("skipped", "Skipped"), ("refused", "Handles refused")]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[TenantCollection]
    ) -> QuerySet[TenantCollection]:
        match self.value():
            case "error":
                return queryset.exclude(error="")
            case "skipped":
                return queryset.exclude(skipped="")
            case "refused":
                return queryset.filter(refused_count__gt=0)
        return queryset


@admin.register(TenantCollection)
class TenantCollectionAdmin(ReadOnlyAdmin):
    list_display = (
        "whose",
        "run",
        "accounts",
        "handles",
        "refused_count",
        "inserted",
        "updated",
        "skipped",
        "error",
    )
    list_filter = (TroubleFilter, ("run__started_at", admin.DateFieldListFilter))
    lookups = ("run",)
    list_select_related = ("run", "connection__tenant")
    ordering = ("-pk",)
    search_fields = ("connection__tenant__name", "connection__tenant__org_id", "error", "skipped")
    fields = (
        *("tenant", "run", "accounts", "handles", "shared", "inserted", "updated"),
        *("skipped", "error", "refused_count", "refused_list"),
    )

    @admin.display(description="tenant", ordering="connection__tenant__name")
    def whose(self, result: TenantCollection) -> str:
        return str(result.connection.tenant)  # no link here: the column already links to the result

    @admin.display(description="tenant")
    def tenant(self, result: TenantCollection) -> str:
        return show.link(result.connection.tenant)

    @admin.display(description="refused handles")
    def refused_list(self, result: TenantCollection) -> str:
        lines = (f"{each['account']}  {each['handle']}: {each['why']}" for each in result.refused)
        return show.preformatted("\n".join(lines)) if result.refused else "-"


@admin.register(Handle)
class HandleAdmin(ReadOnlyAdmin):
    list_display = ("name", "username", "user_id", "asked_at", "refusal")
    search_fields = ("name",)
    list_filter = (("refused_at", admin.EmptyFieldListFilter),)


@admin.register(Post)
class PostAdmin(ReadOnlyAdmin):
    list_display = ("id", "author", "body", "posted_at", "likes", "reposts")
    search_fields = ("handle__name", "body")
    date_hierarchy = "posted_at"


@admin.register(Spend)
class SpendAdmin(ReadOnlyAdmin):
    list_display = ("day", "calls", "posts", "users")
    date_hierarchy = "day"
