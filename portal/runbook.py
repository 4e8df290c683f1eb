"""The runbook as a page of the admin: all entries on one page, which the browser can search."""

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from connect import runbook

SEEN_WITH = "tenants.view_tenant"


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """Show every chapter. No query: the texts are in the code."""
    if not request.user.has_perm(SEEN_WITH):
        raise PermissionDenied
    context = {
        **admin.site.each_context(request),
        "title": "Runbook",
        "chapters": runbook.chapters(),
    }
    return TemplateResponse(request, "admin/runbook.html", context)
