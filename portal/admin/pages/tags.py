"""Tags: words by which tenants are chosen for a roll-out."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from connect.models import Tag
from portal import counts
from portal.actions.tags import note
from portal.admin.kit.base import PortalAdmin
from portal.admin.kit.columns import of_numbers


@admin.register(Tag)
class TagAdmin(PortalAdmin):
    """Tags of tenants. Each change is an event on the tenant's timeline."""

    empty = "Add a tag and give it to tenants. Roll-outs can then be limited to them."

    list_display = ("name", "count")
    search_fields = ("name", "tenants__name", "tenants__org_id")
    raw_id_fields = ("tenants",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tag]:
        tags: QuerySet[Tag] = super().get_queryset(request)
        return tags.annotate(tenants_with_it=counts.of(Tag.tenants.through.objects.all(), "tag"))

    @of_numbers
    @admin.display(description="tenants")
    def count(self, tag: Any) -> str:
        return f"{tag.tenants_with_it:,}"

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        tag, actor = form.instance, request.user.get_username()
        # Django is about to replace them.
        before = set(tag.tenants.values_list("pk", flat=True))
        super().save_related(request, form, formsets, change)
        after = set(tag.tenants.values_list("pk", flat=True))
        for tenant_id in before ^ after:
            note(tenant_id, tag, actor, is_on=tenant_id in after)
