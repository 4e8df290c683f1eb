"""The sync health of each live connection."""

from functools import partial
from typing import Any

from django.contrib import admin
from django.db.models import F, Prefetch, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html

from connect.health import conditions
from connect.models import Health, HealthSample
from connect.write_errors import counts, scan
from portal import moments, show
from portal.admin.kit.base import Tallies
from portal.admin.kit.columns import of_numbers
from portal.admin.kit.filters import ConditionFilter
from portal.admin.kit.lists import Tally
from portal.admin.pages.health.base import OfAConnection
from portal.admin.panels import health as health_panel
from portal.questions import Answer, later

NEARLY_FULL = 0.9  # of the rows that a plan allows


@admin.register(Health)
class HealthAdmin(OfAConnection):
    """The live connections, each with its condition now."""

    search_fields = ("reason",)
    exports = (
        "connection__tenant__name",
        "connection__tenant__org_id",
        "condition_now",
        "reason",
        "since",
        "unknown_since",
        "good_at",
        "uptime_day",
        "uptime_week",
        "uptime_month",
        "rows",
        "backlog",
    )
    list_display = (
        "connection",
        "coloured_condition",
        "state",
        "since",
        "good_at",
        "lately",
        "day",
        "week",
        "month",
        "failed_writes",
        "waiting",
        "rows_of_plan",
    )
    list_filter = (ConditionFilter, "connection__state", "view_all_data")
    fields = (
        "tenant",
        "coloured_condition",
        "state",
        "reason",
        "since",
        "unknown_since",
        "good_at",
        "paused_by",
        "day",
        "week",
        "month",
        "lately",
        "failed_writes",
        "backlog",
        "backlog_since",
        "rows_of_plan",
        "scanned_at",
        "tables_missing",
        "ordered_writes",
        "view_all_data",
        "organization_id",
        "probed_at",
        "package_gone_at",
        "diagnosed_at",
        "deep_at",
    )

    def tone(self, value: Any) -> str:
        return show.look(value).tone

    def tallies(self, request: HttpRequest) -> Tallies:
        return partial(self._by_condition, request, later(request, conditions.counts.asking()))

    def _by_condition(self, request: HttpRequest, counted: Answer) -> list[Tally]:
        return [
            self.tally(request, each.label, count, ConditionFilter.parameter_name, each.value)
            for each, count in counted().items()
            if count
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Health]:
        newest = HealthSample.objects.order_by("-at")[: health_panel.MAX_SPARK_SAMPLES]
        samples = Prefetch("connection__samples", newest, to_attr="newest_samples")
        rows: QuerySet[Health] = super().get_queryset(request)
        live = rows.filter(conditions.is_live())
        with_owner = live.select_related("connection__tenant__owner")
        return with_owner.prefetch_related(samples).annotate(
            condition_now=conditions.expression(),
            worst=conditions.rank(),
            writes=counts.of_each("connection"),
        )

    def get_ordering(self, request: HttpRequest) -> list[Any]:
        # The oldest of the worst first. Django takes the order before the list is annotated.
        return [F("worst").asc(), F("since").asc()]

    @admin.display(description="condition", ordering="worst")
    def coloured_condition(self, health: Health) -> str:
        return health_panel.condition(health)

    @of_numbers
    @admin.display(description="failed writes", ordering="writes")
    def failed_writes(self, health: Any) -> str:
        return f"{health.writes:,}"

    @admin.display(description="state", ordering="connection__state")
    def state(self, health: Health) -> str:
        return show.state_of(health.connection)

    @admin.display(description="lately")
    def lately(self, health: Any) -> str:
        return health_panel.sparkline(health.connection.newest_samples)

    @of_numbers
    @admin.display(description="24 h", ordering="uptime_day")
    def day(self, health: Health) -> str:
        return health_panel.percent(health.uptime_day)

    @of_numbers
    @admin.display(description="7 days", ordering="uptime_week")
    def week(self, health: Health) -> str:
        return health_panel.percent(health.uptime_week)

    @of_numbers
    @admin.display(description="30 days", ordering="uptime_month")
    def month(self, health: Health) -> str:
        return health_panel.percent(health.uptime_month)

    @of_numbers
    @admin.display(description="writes waiting", ordering="backlog")
    def waiting(self, health: Health) -> str:
        if not health.backlog:
            return "0"
        since = moments.element(health.backlog_since)
        return show.lines(f"{health.backlog:,}", format_html("oldest {}", since))

    @admin.display(description="rows, of the limit", ordering="rows")
    def rows_of_plan(self, health: Health) -> str:
        limit = scan.row_limit(health.connection)
        if limit is None:
            return f"{health.rows:,}"
        words = f"{health.rows:,} of {limit:,}"
        return show.badge(words, show.BAD) if health.rows > NEARLY_FULL * limit else words
