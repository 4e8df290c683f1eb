"""The field's answers: a page for everybody, and the options alone for the script."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from portal.find import pages, rows, tenants
from portal.find.found import Kind, Typed


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Show what the text in the address finds."""
    context = {**admin.site.each_context(request), "title": "Find", **_context(request)}
    return TemplateResponse(request, "admin/find/page.html", context)


@require_safe
def options(request: HttpRequest) -> HttpResponse:
    """Answer the same as the options of a list box."""
    return TemplateResponse(request, "admin/find/options.html", _context(request))


def _context(request: HttpRequest) -> dict[str, Any]:
    typed = Typed.of(request.GET.get("q", ""))
    found = _find(request, typed) if typed.is_enough else []
    return {
        "typed": typed,
        "kinds": found,
        "total": sum(len(kind.results) for kind in found),
    }


def _find(request: HttpRequest, typed: Typed) -> list[Kind]:
    """Return the kinds that have results, within what this person may see."""
    some = tenants.read(request.user, typed)
    found = [
        *tenants.kinds(request.user, typed, some),
        *rows.kinds(request.user, typed, some),
        *pages.kinds(request, typed),
    ]
    return [kind for kind in found if kind.results]
