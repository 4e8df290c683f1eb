"""What protects the callout, the sign-in and bystanders: buckets, signatures, “not me”."""

from django.contrib import admin

from portal.admin.kit.actions import ActionsAdmin
from portal.admin.kit.base import ReadOnlyAdmin
from portal.admin.kit.columns import of_numbers
from tenants.models import RateBucket, StoppedRecipient, UsedSignature


@admin.register(RateBucket)
class RateBucketAdmin(ReadOnlyAdmin, ActionsAdmin):
    list_display = ("key", "calls_left", "filled_at")
    ordering = ("-filled_at",)
    search_fields = ("key",)

    @of_numbers
    @admin.display(description="calls left", ordering="tokens")
    def calls_left(self, row: RateBucket) -> str:
        return f"{int(row.tokens):,}"


@admin.register(UsedSignature)
class UsedSignatureAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "used_at")
    ordering = ("-used_at",)
    date_hierarchy = "used_at"


@admin.register(StoppedRecipient)
class StoppedRecipientAdmin(ReadOnlyAdmin):
    """Only digests are stored: these people have nothing to do with the portal."""

    empty = "Entries appear when a recipient presses “This is not me” in a mail."
    list_display = ("__str__", "tenant", "at")
    list_select_related = ("tenant",)
    ordering = ("-at",)
    tenant_path = "tenant"
    search_fields = ("digest",)
