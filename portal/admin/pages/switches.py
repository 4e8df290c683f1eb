"""The kill switches: one page that says what each stops, who turned it off, since when and why."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from portal.admin.kit.base import ReadOnlyAdmin
from tenants.models import KILL_SWITCHES, KillSwitch, Switch

MAY_TURN = "tenants.change_switch"
MOST_TURNS = 20


class TurnForm(forms.Form):
    """Turning something off needs a reason, which everybody sees; turning it on does not."""

    to = forms.ChoiceField(choices=[("on", "On"), ("off", "Off")])
    why = forms.CharField(max_length=255, required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("to") == "off" and not data.get("why"):
            self.add_error("why", "Say why it is off: everybody will see it.")
        return data


@dataclass(frozen=True)
class Lever:
    """A switch as the page shows it."""

    name: str
    label: str
    stops: str
    row: Switch | None
    error: str

    @property
    def off(self) -> bool:
        return self.row is not None and not self.row.on


@admin.register(Switch)
class SwitchAdmin(ReadOnlyAdmin):
    list_display = ("name", "on", "why", "who", "changed_at")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.turn)
        own = path("<slug:name>/turn/", view, name="tenants_switch_turn")
        return [own, *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return self._page(request, {})

    def turn(self, request: HttpRequest, name: str) -> HttpResponse:
        """Turn one switch on or off. POST only, for Managers."""
        if not request.user.has_perm(MAY_TURN):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if name not in KILL_SWITCHES:
            raise Http404
        form = TurnForm(request.POST)
        if not form.is_valid():
            wrong = " ".join(str(each) for each in form.errors.get("why", ["Press a button."]))
            return self._page(request, {name: wrong})
        on, why = form.cleaned_data["to"] == "on", form.cleaned_data["why"]
        self._turn(request, KILL_SWITCHES[name], on=on, why=why)
        return HttpResponseRedirect(reverse("admin:tenants_switch_changelist"))

    def _turn(self, request: HttpRequest, known: KillSwitch, *, on: bool, why: str) -> None:
        """Whoever comes second to the same end is told so, and the first one's reason stays."""
        position = "on" if on else "off"
        with transaction.atomic():
            Switch.objects.get_or_create(name=known.name)
            switch = Switch.objects.select_for_update().get(name=known.name)
            if switch.on == on:
                text = f"{known.label} was {position} already. Nothing was changed."
                self.message_user(request, text, messages.WARNING)
                return
            switch.on, switch.why, switch.who = on, why, request.user.get_username()
            switch.changed_at = timezone.now()
            switch.save()
            because = f": {why}" if why else ""
            self.log_change(request, switch, f"Turned {position}{because}")
        self.message_user(request, f"{known.label} turned {position}.", messages.SUCCESS)

    def _page(self, request: HttpRequest, errors: dict[str, str]) -> HttpResponse:
        rows = {row.name: row for row in Switch.objects.all()}
        kind = ContentType.objects.get_for_model(Switch)
        turns = LogEntry.objects.filter(content_type=kind).select_related("user")
        context = {
            **self.admin_site.each_context(request),
            "title": "Kill switches",
            "opts": self.opts,
            "levers": [
                Lever(name, known.label, known.effect, rows.get(name), errors.get(name, ""))
                for name, known in KILL_SWITCHES.items()
            ],
            "turns": turns.order_by("-action_time")[:MOST_TURNS],
            "may_turn": request.user.has_perm(MAY_TURN),
        }
        return TemplateResponse(request, "admin/tenants/switch/change_list.html", context)
