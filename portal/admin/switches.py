"""The kill switches: who turned what off, and why."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from portal.admin import show
from portal.admin.base import PortalAdmin
from tenants.models import Switch, SwitchName

if TYPE_CHECKING:
    ModelForm = forms.ModelForm[Switch]
else:
    ModelForm = forms.ModelForm


class SwitchForm(ModelForm):
    """Turning something off needs a reason, which everybody sees."""

    class Meta:
        model = Switch
        fields = ("name", "on", "why")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if not data.get("on") and not data.get("why"):
            self.add_error("why", "Say why it is off.")
        return data


@admin.register(Switch)
class SwitchAdmin(PortalAdmin):
    form = SwitchForm
    list_display = ("name", "position", "why", "who", "changed_at")
    ordering = ("name",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and len(Switch.objects.all()) < len(SwitchName)

    def get_fields(self, request: HttpRequest, obj: Switch | None = None) -> list[Any]:
        return ["name", "on", "why", "who", "changed_at"] if obj else ["name", "on", "why"]

    def get_readonly_fields(self, request: HttpRequest, obj: Switch | None = None) -> list[Any]:
        return ["name", "who", "changed_at"] if obj else []

    def save_model(self, request: HttpRequest, obj: Switch, form: Any, change: bool) -> None:
        obj.who = request.user.get_username()
        super().save_model(request, obj, form, change)

    @admin.display(description="position", ordering="on")
    def position(self, switch: Switch) -> str:
        return show.badge("On", show.GOOD) if switch.on else show.badge("Off", show.BAD)
