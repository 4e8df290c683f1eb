"""Orgs that staff have blocked, or allowed before they register."""

from typing import Any

from django.contrib import admin
from django.urls import reverse

from portal import show
from portal.admin.kit.actions import ActionsAdmin
from portal.admin.kit.base import ReadOnlyAdmin
from tenants.models import OrgRule, OrgVerdict


@admin.register(OrgRule)
class OrgRuleAdmin(ReadOnlyAdmin, ActionsAdmin):
    empty = "Block an org, or allow one without approval, with the buttons above."
    list_display = ("org_id", "verdict", "why", "who", "at")
    list_filter = ("verdict",)
    ordering = ("-at",)
    tally_by = "verdict"
    search_fields = ("org_id", "why")
    exports = ("org_id", "verdict", "why", "who", "at")
    fields = ("org_id", "verdict", "why", "who", "at")

    def tone(self, value: Any) -> str:
        return show.BAD if value == OrgVerdict.BLOCKED else show.GOOD

    def page_of(self, row: Any) -> str:
        return reverse("admin:tenants_orgrule_changelist")  # lifting deletes the row
