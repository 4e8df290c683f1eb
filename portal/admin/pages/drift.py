"""What staff see of tenants that have strayed from their version, and what they do about it."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
)
from django.urls import URLPattern, path, reverse

from connect.mappings import drift, last_seen
from connect.mappings.changes import from_json
from connect.models import Drift, DriftState
from connect.rollouts import restore
from connect.rollouts.status import TransitionRefused
from portal.admin.kit import search, show
from portal.admin.kit.base import ReadOnlyAdmin
from portal.admin.pages import comparison

_TONES = {
    DriftState.SAME: show.GOOD,
    DriftState.DRIFTED: show.BAD,
    DriftState.ACCEPTED: show.QUIET,
    DriftState.UNKNOWN: show.WAIT,
}


class AcceptForm(forms.Form):
    """Why a tenant may differ; `fingerprint` is of the differences that the person saw."""

    reason = forms.CharField(max_length=500, label="Why this is right")
    fingerprint = forms.CharField(max_length=64, widget=forms.HiddenInput)


@admin.register(Drift)
class DriftAdmin(ReadOnlyAdmin):
    change_form_template = "admin/connect/drift/change_form.html"
    list_display = (
        "connection",
        "coloured_state",
        "differences",
        "template",
        "since",
        "checked_at",
        "reason",
    )
    list_filter = ("state", "template")
    list_select_related = ("connection__tenant", "template")
    tenant_path = "connection__tenant"
    tally_by = "state"
    search_fields = ("reason",)
    search_help_text = search.HELP
    exports = (
        "connection__tenant__name",
        "connection__tenant__org_id",
        "state",
        "template__version",
        "since",
        "checked_at",
        "reason",
    )
    fields = (
        "connection",
        "template",
        "state",
        "since",
        "checked_at",
        "error",
        "reason",
        "accepted_by",
        "accepted_at",
    )
    actions = ("bring_back",)

    def tone(self, value: Any) -> str:
        return _TONES[DriftState(value)]

    def has_restore_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("connect.restore_drift")

    @admin.action(description="Bring back to their version", permissions=["restore"])
    def bring_back(self, request: HttpRequest, queryset: QuerySet[Drift]) -> None:
        """Make a roll-out that sends each its own version again."""
        ids = list(queryset.values_list("pk", flat=True))
        try:
            rollout = restore.bring_back(ids, request.user.get_username())
        except (drift.DriftRefused, TransitionRefused) as reason:
            self.message_user(request, f"Bring back: {reason}.", messages.WARNING)
            return
        count = rollout.items.count()
        text = f"{rollout} is made for {count} of {len(ids)}; it starts by itself once checked."
        self.message_user(request, text, messages.SUCCESS)

    # --- one row ---------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.act)
        own = path("<int:pk>/do/<slug:name>/", view, name="connect_drift_act")
        return [own, *super().get_urls()]

    def act(self, request: HttpRequest, pk: int, name: str) -> HttpResponseBase:
        """Bring one tenant back, or accept how it differs; POST alone."""
        needed = {"bring_back": "connect.restore_drift", "accept": "connect.accept_drift"}
        if name not in needed:
            raise Http404
        if not self.has_view_permission(request) or not request.user.has_perm(needed[name]):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        rows = Drift.objects.filter(pk=pk)
        if not rows.exists():
            raise Http404
        if name == "bring_back":
            self.bring_back(request, rows)
        else:
            self._accept(request, pk)
        return HttpResponseRedirect(reverse("admin:connect_drift_change", args=[pk]))

    def _accept(self, request: HttpRequest, pk: int) -> None:
        form = AcceptForm(request.POST)
        if not form.is_valid():
            self.message_user(request, "Accept: say why, in a sentence.", messages.ERROR)
            return
        data, actor = form.cleaned_data, request.user.get_username()
        try:
            drift.accept(pk, data["fingerprint"], actor, data["reason"])
        except drift.DriftRefused as reason:
            self.message_user(request, f"Accept: {reason}.", messages.WARNING)
        else:
            self.message_user(request, "Accepted as an exception.", messages.SUCCESS)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        row = context["original"]
        rows = last_seen.row_counts(row.connection)
        differs = row.state in (DriftState.DRIFTED, DriftState.ACCEPTED)
        context |= {
            "badge": self.coloured_state(row),
            "left_title": "Live",
            "right_title": str(row.template or "Its version"),
            "sections": comparison.sections(from_json(row.changes), rows),
            "may_restore": differs and request.user.has_perm("connect.restore_drift"),
            "may_accept": row.state == DriftState.DRIFTED
            and request.user.has_perm("connect.accept_drift"),
            "form": AcceptForm(initial={"fingerprint": row.fingerprint}),
        }
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description="state", ordering="state")
    def coloured_state(self, row: Drift) -> str:
        return show.badge(row.get_state_display(), _TONES[DriftState(row.state)])

    @admin.display(description="differences")
    def differences(self, row: Drift) -> int:
        return len(row.changes)
