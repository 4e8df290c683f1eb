"""What protects the callout and the sign-in: rate buckets, and signatures that were used."""

from django.contrib import admin

from portal.admin.kit.actions import ActionsAdmin
from portal.admin.kit.base import ReadOnlyAdmin
from tenants.models import RateBucket, UsedSignature


@admin.register(RateBucket)
class RateBucketAdmin(ReadOnlyAdmin, ActionsAdmin):
    list_display = ("key", "tokens", "filled_at")
    ordering = ("-filled_at",)
    search_fields = ("key",)


@admin.register(UsedSignature)
class UsedSignatureAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "used_at")
    ordering = ("-used_at",)
    date_hierarchy = "used_at"
