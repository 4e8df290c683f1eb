"""Which version new tenants get, by plan and environment."""

from django.contrib import admin

from connect.models import DefaultTemplate
from portal.admin.forms.default_version import DefaultTemplateForm
from portal.admin.kit.base import PortalAdmin


@admin.register(DefaultTemplate)
class DefaultTemplateAdmin(PortalAdmin):
    empty = "Without one, a new tenant gets the newest version for today's package."
    list_display = ("__str__", "plan", "environment", "template")
    list_select_related = ("template",)
    form = DefaultTemplateForm
    fields = ("plan", "environment", "template")
    noted_fields = fields
