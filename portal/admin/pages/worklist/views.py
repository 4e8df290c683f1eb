"""The pages of the worklist: the list, its rows alone for an open page, a press on many rows."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from portal.admin.kit import back
from portal.admin.pages.worklist import many
from portal.dashboard.attention import Cause
from portal.dashboard.worklist import cases, keys, reading, total, wanted
from portal.dashboard.worklist.cases import Case
from portal.dashboard.worklist.reading import PAGE_SIZE
from portal.dashboard.worklist.wanted import Wanted
from tenants.batching import together

PERMISSION = "tenants.view_tenant"
MOVING, RESTING = 2, 20  # seconds between refreshes
ROW = "row"  # names a row in an address
SAID = "said"  # the answer to a press


def _check(request: HttpRequest) -> None:
    # admin_view asks only whether the user is staff.
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Show the list, or with `row` only the named rows."""
    _check(request)
    filters = wanted.read(request.GET)
    named = keys.read(request.GET.getlist(ROW))
    context = {
        **admin.site.each_context(request),
        **_counts(request, filters),
        "title": "Attention",
        "choices": _choices(filters),
        "is_named": bool(named),
        "here": request.get_full_path(),
        "bulk": many.offered(request.user, snoozed=bool(filters.snoozed)),
        "act_url": filters.url().replace(reverse("worklist"), reverse("worklist-act"), 1),
    }
    context |= _named(request, named) if named else _page(request, filters, context["counted"])
    context["rows_url"] = _rows_url(filters, context["cases"])
    return TemplateResponse(request, "admin/worklist/page.html", context)


@require_safe
def rows(request: HttpRequest) -> HttpResponse:
    """Answer the named rows and the counts alone: an open page replaces its own with them."""
    _check(request)
    filters = wanted.read(request.GET)
    counted = _counts(request, filters)
    if not filters.is_narrow:
        counted["menu_count"] = total.of_worklist(counted["total"])
    context = {
        **counted,
        **_named(request, keys.read(request.GET.getlist(ROW))),
        # Only a press leads here with messages: an open page that looks must not take them away.
        "messages": messages.get_messages(request) if SAID in request.GET else (),
        "here": filters.url(),
    }
    return TemplateResponse(request, "admin/worklist/rows.html", context)


@require_POST
def act(request: HttpRequest) -> HttpResponseBase:
    """Do one thing with all selected rows, after the page that says to whom."""
    _check(request)
    filters = wanted.read(request.GET)
    where = back.of(request) or filters.url()
    if request.POST.get("across"):
        chosen = many.all_of(filters, request.user.get_username())
    else:
        chosen = keys.read(request.POST.getlist(ACTION_CHECKBOX_NAME))
    try:
        answer = many.press(request, chosen, request.POST.get("action", ""))
    except many.Refused as reason:
        messages.warning(request, f"Nothing was done: {reason}")
        answer = None
    return answer or HttpResponseRedirect(where)


def _counts(request: HttpRequest, filters: Wanted) -> dict[str, Any]:
    counted = _counted(filters, request.user.get_username(), timezone.now())
    number = sum(count for _, count in counted)
    if not filters.is_narrow:
        total.keep(number)  # so the menu says the same
    return {
        "wanted": filters,
        "counted": counted,
        "total": number,
        "snoozed_url": filters.url(snoozed="" if filters.snoozed else "yes", cause=""),
        "tallies": [
            (cause, count, filters.url(cause="" if cause.name == filters.cause else cause.name))
            for cause, count in counted
        ],
    }


def _page(
    request: HttpRequest, filters: Wanted, counted: Sequence[tuple[Any, int]]
) -> dict[str, Any]:
    now = timezone.now()
    chosen = [each for each in counted if filters.cause in ("", each[0].name)]
    count, total = reading.shown(chosen), sum(number for _, number in chosen)
    last = max(1, -(-count // PAGE_SIZE))
    number = min(_number(request.GET.get("p", "")), last)
    found = reading.page(chosen, filters, request.user.get_username(), now, number)
    address = filters.url()
    start = f"{address}{'&' if '?' in address else '?'}p="
    return {
        **_live(cases.build(request.user, found, now)),
        "asleep": 0 if total or filters.is_narrow else _asleep(now),
        "number": number,
        "last": last,
        "previous": f"{start}{number - 1}" if number > 1 else "",
        "next": f"{start}{number + 1}" if number < last else "",
        "listed": total,
        "unshown": total - count,
    }


def _asleep(now: datetime) -> int:
    """Return how many rows would be listed if nobody had snoozed them."""
    return sum(number for _, number in _counted(Wanted(snoozed="yes"), "", now))


def _counted(filters: Wanted, reader: str, now: datetime) -> list[tuple[Cause, int]]:
    found: list[tuple[Cause, int]]
    (found,) = together(reading.counts.asking(filters, reader, now))
    return found


def _named(request: HttpRequest, named: keys.Keys) -> dict[str, Any]:
    now = timezone.now()
    found = cases.build(request.user, reading.among(named, now), now)
    over = cases.over(request.user, named, {each.key for each in found}, now)
    return _live([*found, *over])


def _live(shown: list[Case]) -> dict[str, Any]:
    every = MOVING if any(case.is_moving for case in shown) else RESTING
    return {"cases": shown, "every": every}


def _number(text: str) -> int:
    is_number = text.isascii() and text.isdigit() and len(text) < 7
    return max(1, int(text)) if is_number else 1


def _choices(filters: Wanted) -> list[tuple[str, str, list[tuple[str, str, bool]]]]:
    """Return each filter with its label, and its choices as label, address and whether chosen."""
    return [
        (
            name,
            name.capitalize(),
            [
                ("Any", filters.url(**{name: ""}), not getattr(filters, name)),
                *(
                    (label, filters.url(**{name: value}), getattr(filters, name) == value)
                    for value, label in values
                ),
            ],
        )
        for name, values in wanted.choices().items()
    ]


def _rows_url(filters: Wanted, shown: Sequence[Case]) -> str:
    named = urlencode([(ROW, case.key) for case in shown])
    query = filters.url().partition("?")[2]
    return f"{reverse('worklist-rows')}?{'&'.join(part for part in (query, named) if part)}"
