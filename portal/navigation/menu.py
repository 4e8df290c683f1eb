"""The menu of one person: the groups with what this person may see."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.text import capfirst

from portal.menu_count import Count
from portal.navigation.counts import ask
from portal.navigation.groups import Entry, Group, Place, groups

Apps = list[dict[str, Any]]
Numbers = Callable[[], Mapping[str, Count]]


def menu(request: HttpRequest, listed: Apps) -> Apps:
    """Return the groups in the shape of Django's list of apps, `listed`, that they replace.

    It is made once for a request, because Django asks for it several times, and only if the page
    shows it: a part that is renewed alone does not.
    """
    if not hasattr(request, "staff_menu"):
        made_later = SimpleLazyObject(lambda: _menu(request, listed))
        request.staff_menu = made_later  # type: ignore[attr-defined]
    made: Apps = request.staff_menu  # type: ignore[attr-defined]
    return made


def _menu(request: HttpRequest, listed: Apps) -> Apps:
    if not listed:  # no role yet
        return []
    models = {each["model"]._meta.label: each for app in listed for each in app["models"]}
    # Counted only if a count is shown: a search for pages reads the menu too.
    numbers = cache(lambda: ask(request)())
    made = [_group(request, group, models, numbers) for group in groups()]
    return [group for group in made if group["models"]]


def _group(
    request: HttpRequest, group: Group, models: dict[str, Any], numbers: Numbers
) -> dict[str, Any]:
    found = [_entry(request, each, models, numbers) for each in group.entries]
    entries = [each for each in found if each is not None]
    is_current = any(each["current"] for each in entries)
    return {
        "name": group.name,
        "app_label": group.slug,
        "app_url": reverse("admin:index"),
        "has_module_perms": True,
        "is_folded": group.is_folded,
        "is_open": is_current or not group.is_folded,
        "models": entries,
    }


def _entry(
    request: HttpRequest, entry: Entry | Place, models: dict[str, Any], numbers: Numbers
) -> dict[str, Any] | None:
    if isinstance(entry, Place):
        return _place(request, entry, numbers)
    model = models.get(entry.label)
    if model is None or not model["admin_url"]:
        return None
    return {
        **model,
        "name": entry.name or capfirst(str(model["name"])),
        "keywords": f"{entry.keywords} {model['name']}",
        "count": SimpleLazyObject(lambda: numbers().get(entry.label)),
        "current": _current(request.path, model["admin_url"]),
    }


def _place(request: HttpRequest, place: Place, numbers: Numbers) -> dict[str, Any] | None:
    if place.permission and not request.user.has_perm(place.permission):
        return None
    address = reverse(place.view)
    current = "page" if request.path == address else ""
    return {
        "name": place.name,
        "object_name": place.name,
        "admin_url": address,
        "keywords": place.keywords,
        "count": SimpleLazyObject(lambda: numbers().get(place.view)),
        "current": current,
    }


def _current(path: str, address: str) -> str:
    """Return the value of aria-current: the list itself, a page below it, or ""."""
    if path == address:
        return "page"
    return "true" if path.startswith(address) else ""
