"""What the pages about one connection share."""

from typing import Any

from django.contrib import admin

from portal import show
from portal.actions.subject import Subject
from portal.admin.kit import search
from portal.admin.kit.base import ReadOnlyAdmin
from portal.admin.kit.subjects import SubjectAdmin


class OfAConnection(ReadOnlyAdmin, SubjectAdmin):
    """Rows about a connection: its actions are offered here too."""

    list_select_related = ("connection__tenant__owner",)
    tenant_path = "connection__tenant"
    search_help_text = search.HELP

    def subject(self, row: Any) -> Subject:
        return Subject(row.connection.tenant, row.connection)

    @admin.display(description="tenant", ordering="connection__tenant__name")
    def tenant(self, row: Any) -> str:
        return show.link(row.connection.tenant)
