"""Saved filters of a list: some that everybody has, and each person's own by name.

A saved filter is an address, so it is shared by sending that. It holds filters and the order, and
no searched text: that may be a tenant's data, which an erasure has to find.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.admin.views.main import PAGE_VAR, SEARCH_VAR
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from portal.models import SavedFilter
from portal.questions import Answer, later

NOT_SAVED = (PAGE_VAR, SEARCH_VAR, "e")
MAX_SAVED = 20  # by one person, of one list


@dataclass(frozen=True)
class Preset:
    """A filter that everybody has. `query` is the part of the address after "?"."""

    name: str
    query: str


@dataclass(frozen=True)
class Shown:
    """A filter as the page shows it. `forget_url` deletes it, "" for one that everybody has."""

    name: str
    url: str
    current: bool
    forget_url: str = ""


@dataclass(frozen=True)
class Saved:
    """What a list shows of saved filters. `save_url` keeps those of now, "" if there are none."""

    shown: list[Shown]
    save_url: str
    longest: int = SavedFilter._meta.get_field("name").max_length or 0


def shown(request: HttpRequest, model: str, presets: Sequence[Preset]) -> Any:
    """Return what a list shows of them; the own ones are asked with the page's other questions."""
    own = SavedFilter.objects.filter(user=request.user.pk, model=model)
    asked = later(request, own)
    return SimpleLazyObject(lambda: _shown(request, model, presets, asked))


def save(request: HttpRequest, model: str) -> HttpResponse:
    """Keep the filters of the request's address; a name that is taken gets the new ones."""
    name, query = request.POST.get("name", "").strip(), _filters(request)
    others = SavedFilter.objects.filter(user=request.user.pk, model=model).exclude(name=name)
    refusal = _refusal(name, query, others.count())
    if refusal:
        messages.error(request, refusal)
    else:
        assert request.user.is_authenticated  # noqa: S101  (asked of staff only)
        SavedFilter.objects.update_or_create(
            user=request.user, model=model, name=name, defaults={"query": query}
        )
        messages.success(request, f"The filter “{name}” is saved.")
    back = request.GET.urlencode()
    address = reverse(_view(model, "changelist"))
    return HttpResponseRedirect(f"{address}?{back}" if back else address)


def forget(request: HttpRequest, model: str, pk: int) -> HttpResponse:
    """Delete one of the person's own."""
    found = get_object_or_404(SavedFilter, user=request.user.pk, model=model, pk=pk)
    found.delete()
    messages.success(request, f"The saved filter “{found.name}” is deleted.")
    return HttpResponseRedirect(reverse(_view(model, "changelist")))


def _refusal(name: str, query: str, others: int) -> str:
    """Return why filters cannot be saved, "" if they can."""
    fields = SavedFilter._meta
    if not name or len(name) > (fields.get_field("name").max_length or 0):
        return "Nothing was saved: give the filter a name of 1 to 40 characters."
    if not query or len(query) > (fields.get_field("query").max_length or 0):
        return "Nothing was saved: choose a filter first. A searched text is not saved."
    if others >= MAX_SAVED:
        return f"Nothing was saved: you have {MAX_SAVED} filters of this list. Delete one first."
    return ""


def _shown(request: HttpRequest, model: str, presets: Sequence[Preset], own: Answer) -> Saved:
    now = _filters(request)
    everybodys = [Shown(each.name, f"?{each.query}", _same(each.query, now)) for each in presets]
    mine = [
        Shown(
            each.name,
            f"?{each.query}",
            _same(each.query, now),
            reverse(_view(model, "forget_filter"), args=[each.pk]),
        )
        for each in own()
    ]
    found = [*everybodys, *mine]
    is_new = bool(now) and not any(each.current for each in found)
    address = f"{reverse(_view(model, 'save_filter'))}?{request.GET.urlencode()}"
    return Saved(found, address if is_new else "")


def _filters(request: HttpRequest) -> str:
    """Return the filters of the request's address, in a fixed order."""
    given = request.GET.copy()
    for name in NOT_SAVED:
        given.pop(name, None)
    return _in_order(given)


def _same(query: str, now: str) -> bool:
    return _in_order(QueryDict(query)) == now


def _in_order(given: QueryDict) -> str:
    found = QueryDict(mutable=True)
    for name, values in sorted(given.lists()):
        found.setlist(name, values)
    return found.urlencode()


def _view(model: str, view: str) -> str:
    return f"admin:{model.replace('.', '_')}_{view}"
