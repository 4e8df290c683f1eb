"""The audit trail: searched, filtered and exported by managers, changed by nobody."""

from typing import Any

from django.contrib import admin

from portal import show
from portal.admin.kit.base import ReadOnlyAdmin
from portal.models import AuditEntry, AuditKind

_BAD = (AuditKind.SIGN_IN_FAILED, AuditKind.SIGN_IN_REFUSED, AuditKind.DENIED)
COLUMNS = ("at", "kind", "actor", "address", "what", "about", "result")


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = COLUMNS
    list_filter = ("kind",)
    date_hierarchy = "at"
    tally_by = "kind"
    tally_newest = True
    search_fields = ("=actor", "=address", "what", "about")
    search_help_text = "Who (the whole name), from where, what, about whom"
    exports = COLUMNS
    fields = COLUMNS

    def tone(self, value: Any) -> str:
        return show.BAD if value in _BAD else show.MUTED
