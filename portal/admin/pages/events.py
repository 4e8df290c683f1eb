"""Events: the lines of all tenants' timelines."""

import re
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.db.models.fields.json import KT
from django.http import HttpRequest

from portal import show
from portal.admin.kit import search
from portal.admin.kit.base import ReadOnlyAdmin
from tenants.models import Event, EventKind

# The format of request ids. Org ids and add-on names never look like this.
_REQUEST_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ("at", "tenant", "kind", "text", "actor")
    list_filter = ("kind",)
    lookups = ("tenant__id__exact",)
    list_select_related = ("tenant",)
    date_hierarchy = "at"
    tenant_path = "tenant"
    tally_by = "kind"
    tally_newest = True
    search_fields = ("actor",)
    search_help_text = f"{search.HELP}, who did it, request id"
    found_by = ("actor",)
    exports = ("at", "tenant__name", "tenant__org_id", "kind", "text", "actor")
    fields = ("at", "tenant", "actor", "kind", "text", "details")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        asked = search_term.strip()
        if not _REQUEST_ID.fullmatch(asked):
            return super().get_search_results(request, queryset, search_term)
        of_requests = queryset.annotate(request=KT("data__request_id"))
        # has_key repeats the condition of the index, or Postgres would not use it.
        return of_requests.filter(request=asked, data__has_key="request_id"), False

    def tone(self, value: Any) -> str:
        return show.EVENT_TONES.get(EventKind(value), show.MUTED)

    @admin.display(description="details")
    def details(self, event: Event) -> str:
        return show.document(event.data)
