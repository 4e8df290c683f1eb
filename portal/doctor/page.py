"""“Setting up”: the list of checks as a page. It looks only when it is asked to, by a POST."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.contrib import admin
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from portal import audit, doctor
from portal.doctor.findings import Finding, Verdict, skipped
from portal.doctor.mail import send_to
from portal.models import AuditKind

SEEN_WITH = "tenants.view_tenant"
CHECKED_WITH = "connect.check_hostapp"
# Heroku's router gives up after 30 seconds. With scripts, each check is a request of its own.
MAX_SECONDS = 15.0
LOOKS = {
    Verdict.OK: ("good", "All well"),
    Verdict.SKIPPED: ("muted", "Skipped"),
    Verdict.FAILED: ("bad", "Failed"),
}
_NO_TIME = skipped("The time for one request is over: check it alone.")
_NO_ADDRESS = skipped("Your account has no e-mail address: a superuser adds one under Staff.")


@dataclass(frozen=True)
class Row:
    """A check on the page; without a finding it was not asked for."""

    name: str
    title: str
    finding: Finding | None = None
    at: datetime | None = None

    @property
    def look(self) -> tuple[str, str]:
        """The tone and the word of its badge."""
        return LOOKS[self.finding.verdict] if self.finding else ("muted", "Not checked")


@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest) -> HttpResponse:
    """Show the list; a POST checks one of it (`check`), or all, or sends an e-mail (`send`)."""
    needed = CHECKED_WITH if request.method == "POST" else SEEN_WITH
    if not request.user.has_perm(needed):
        raise PermissionDenied
    rows = list(_rows(request))
    if "fragment" in request.POST:
        return TemplateResponse(request, "admin/includes/checks.html", _context(request, rows))
    context = {**admin.site.each_context(request), "title": "Setting up", **_context(request, rows)}
    return TemplateResponse(request, "admin/setup.html", context)


def _context(request: HttpRequest, rows: list[Row]) -> dict[str, object]:
    return {"rows": rows, "may_check": request.user.has_perm(CHECKED_WITH)}


def _rows(request: HttpRequest) -> Iterator[Row]:
    if request.method != "POST":
        return (Row(each.name, each.title) for each in doctor.CHECKS.values())
    if "send" in request.POST:
        return _sent(request)
    return _checked(request)


def _checked(request: HttpRequest) -> Iterator[Row]:
    wanted, ends = request.POST.get("check", ""), time.monotonic() + MAX_SECONDS
    if wanted and wanted not in doctor.CHECKS:
        raise BadRequest("no such check")
    for name, each in doctor.CHECKS.items():
        if wanted in ("", name):
            found = doctor.run(each) if time.monotonic() < ends else _NO_TIME
            yield Row(name, each.title, found, timezone.now())
        elif "fragment" not in request.POST:
            yield Row(name, each.title)


def _sent(request: HttpRequest) -> Iterator[Row]:
    to = getattr(request.user, "email", "")
    found = send_to(to) if to else _NO_ADDRESS
    audit.note(AuditKind.PRESSED, "Send a test e-mail", request=request, about=to)
    for name, each in doctor.CHECKS.items():
        if name == "mail":
            yield Row(name, each.title, found, timezone.now())
        elif "fragment" not in request.POST:
            yield Row(name, each.title)
