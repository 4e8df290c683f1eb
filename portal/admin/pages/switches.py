"""The kill switches: what each stops, who turned it off, since when and why."""

from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from portal.actions.switches import PERMISSION
from portal.admin.kit.actions import ActionsAdmin
from portal.admin.kit.base import ReadOnlyAdmin
from portal.admin.kit.buttons import Button
from tenants.models import KILL_SWITCHES, KillSwitch, Switch

MAX_CHANGES = 20


@dataclass(frozen=True)
class SwitchCard:
    """A switch as the page shows it."""

    name: str
    label: str
    effect: str
    row: Switch
    buttons: list[Button]


@admin.register(Switch)
class SwitchAdmin(ReadOnlyAdmin, ActionsAdmin):
    """A switch that was never touched has no row: it is on."""

    list_display = ("name", "on", "why", "who", "changed_at")

    def row_to_act_on(self, request: HttpRequest, pk: str) -> Switch | None:
        if pk not in KILL_SWITCHES:
            return None
        return Switch.objects.filter(name=pk).first() or Switch(name=pk)

    def page_of(self, row: Any) -> str:
        return reverse("admin:tenants_switch_changelist")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        self.refuse_forged(request)
        rows = {row.name: row for row in Switch.objects.all()}
        kind = ContentType.objects.get_for_model(Switch)
        changes = LogEntry.objects.filter(content_type=kind).select_related("user")
        context = {
            **self.admin_site.each_context(request),
            "title": "Kill switches",
            "opts": self.opts,
            "cards": [
                self._card(request, each, rows.get(each.name)) for each in KILL_SWITCHES.values()
            ],
            "changes": changes.order_by("-action_time")[:MAX_CHANGES],
            "may_turn": request.user.has_perm(PERMISSION),
        }
        return TemplateResponse(request, "admin/tenants/switch/change_list.html", context)

    def _card(self, request: HttpRequest, known: KillSwitch, row: Switch | None) -> SwitchCard:
        row = row or Switch(name=known.name)
        return SwitchCard(known.name, known.label, known.effect, row, self.buttons(request, row))
