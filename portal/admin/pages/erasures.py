"""The records of erasures."""

from django.contrib import admin

from portal.admin.kit.base import ReadOnlyAdmin
from tenants.models import Erasure


@admin.register(Erasure)
class ErasureAdmin(ReadOnlyAdmin):
    list_display = ("at", "actor", "tenant_number", "org_digest", "generations")
    ordering = ("-at",)
    date_hierarchy = "at"
    search_fields = ("org_digest", "actor")
    fields = ("at", "actor", "tenant_number", "org_digest", "generations", "counts")
