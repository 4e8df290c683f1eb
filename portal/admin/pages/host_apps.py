"""The Heroku apps that own add-ons: their room, for how long it lasts, and what they cost."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from connect.models import HostApp
from connect.placement import costs, forecast, place, rooms
from portal import show
from portal.admin.forms.host_app import HostAppForm
from portal.admin.kit.actions import ActionsAdmin
from portal.questions import Answer, later

# Add-ons, schemas and names depend on these, so they are the same for ever.
FIXED = ("name", "database", "config_var", "account")


@admin.register(HostApp)
class HostAppAdmin(ActionsAdmin):
    """Staff add one, then press “Make at Heroku”. A stored token is never shown."""

    empty = "Add one, then press “Make at Heroku”."
    form = HostAppForm
    list_display = ("name", "standing", "room", "account", "region", "database", "cost")
    list_filter = ("accepts", "region", "database", "account")
    search_fields = ("name",)
    exports = ("name", "team", "region", "account", "database", "accepts")
    readonly_fields = (
        *("standing", "problem", "checked_at"),
        *("room", "placed", "config_bytes", "all_together", "cost"),
    )
    fieldsets = (
        (None, {"fields": readonly_fields}),
        ("At Heroku", {"fields": ("name", "team", "region", "account", "new_token")}),
        ("Tenants' database", {"fields": ("database", "config_var", "database_addon")}),
        ("Room", {"fields": ("accepts", "max_addons", "max_config_bytes", "plan")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        in_use = obj is not None and obj.connections.exists()
        return (*self.readonly_fields, *(FIXED if in_use else ()))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:  # a new one has nothing to show yet
            return self.fieldsets[1:3]
        shown = [name for name in self.readonly_fields if name != "problem" or obj.problem]
        return ((None, {"fields": shown}), *self.fieldsets[1:])

    def get_queryset(self, request: HttpRequest) -> QuerySet[HostApp]:
        return HostApp.objects.order_by("name").defer("token")

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        found = super().get_object(request, object_id, from_field)
        return found and _annotated().get(pk=found.pk)

    def rows_of_page(self, request: HttpRequest, listed: ChangeList) -> Any:
        # What all of them hold is read for the note, once.
        hosts = {host.pk: host for host in _all(request)()}
        return [hosts[key] for key in listed.result_list.values_list("pk", flat=True)]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        asked = _all(request)
        context = {"note": SimpleLazyObject(lambda: _note(asked())), **(extra_context or {})}
        return super().changelist_view(request, context)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        with transaction.atomic():
            # The token of an account is stored with each of its host apps.
            place.one_at_a_time()
            super().save_model(request, obj, form, change)
            form.share_token()
        if obj.ready_at:
            place.look_again()

    @admin.display(description="state")
    def standing(self, host: Any) -> str:
        if not host.ready_at:
            return show.badge("Not ready", show.BAD if host.problem else show.WAIT)
        if not host.accepts:
            return show.badge("Closed to new tenants", show.MUTED)
        if not rooms.of(host).free:
            return show.badge("Full", show.WAIT)
        if host.runs_the_portal:
            return show.badge("Each new add-on restarts the portal", show.WAIT)
        return show.badge("Open", show.GOOD)

    @admin.display(description="add-ons")
    def room(self, host: Any) -> str:
        room = rooms.of(host)
        return f"{room.addons:,} held, room for {room.free:,} more"

    @admin.display(description="connections")
    def placed(self, host: Any) -> str:
        listed = reverse("admin:connect_connection_changelist")
        address = f"{listed}?host_app__id__exact={host.pk}"
        return show.link_to(address, "All that were placed here, also those that have ended")

    @admin.display(description="config vars")
    def config_bytes(self, host: Any) -> str:
        room = rooms.of(host)
        return f"{room.config_bytes:,} of {room.max_config_bytes:,} bytes"

    @admin.display(description="all host apps")
    def all_together(self, host: Any) -> str:
        return forecast.read(rooms.read(), timezone.now()).in_words

    @admin.display(description="cost")
    def cost(self, host: Any) -> str:
        return costs.of(host).in_words


def _annotated() -> QuerySet[HostApp]:
    return costs.annotated(rooms.annotated()).defer("token")


def _all(request: HttpRequest) -> Answer:
    """Ask for all host apps, once for a page, with its other questions."""
    if not hasattr(request, "host_apps"):
        request.host_apps = later(request, _annotated())  # type: ignore[attr-defined]
    answer: Answer = request.host_apps  # type: ignore[attr-defined]
    return answer


def _note(hosts: list[HostApp]) -> str:
    found = forecast.read([rooms.of(host) for host in hosts], timezone.now())
    return f"{found.in_words} All add-ons cost {costs.of(*hosts).in_words}."
