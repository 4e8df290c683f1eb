"""Finding pages and actions by name. No query: the menu and the registry know them."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse

from portal.actions import action as registry
from portal.find.found import MAX_RESULTS, Found, Kind, Typed
from tenants.models import KILL_SWITCHES

_ENOUGH = 3  # letters that find a page by another word for it
_WORD = re.compile(r"[^\W_]+")
# Pages that are not in the menu: the view, the name, other words for it.
_OWN = (
    ("mfa_index", "Your second factors", "account passkey totp security"),
    ("preferences", "Preferences", "account time zone shortcuts keys settings"),
    ("usersessions_list", "Your sessions", "account browsers log out"),
)
_PASSWORD = ("account_change_password", "Your password", "account change")


def kinds(request: HttpRequest, typed: Typed) -> Iterable[Kind]:
    """Return the pages and the actions whose names hold a word that begins with each typed one."""
    wanted = _words(typed.text)
    if not wanted:
        return []
    return [
        Kind("pages", "Pages", _named(_pages(request), wanted)),
        Kind("actions", "Actions", _named(_actions(request.user), wanted)),
    ]


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def _named(many: Iterable[tuple[Found, str]], wanted: list[str]) -> list[Found]:
    """Return those that match, the ones whose title does before those with another word for it."""
    is_enough = max(map(len, wanted)) >= _ENOUGH
    found = [
        each
        for each, others in many
        if _matches(f"{each.title} {others if is_enough else ''}", wanted)
    ]
    found.sort(key=lambda each: not _matches(each.title, wanted))
    return found[:MAX_RESULTS]


def _matches(text: str, wanted: list[str]) -> bool:
    words = _words(text)
    return all(any(word.startswith(each) for word in words) for each in wanted)


def _pages(request: HttpRequest) -> Iterator[tuple[Found, str]]:
    for group in admin.site.get_app_list(request):
        for entry in group["models"]:
            found = Found(entry["name"], entry["admin_url"], group["name"])
            yield found, f"{entry.get('keywords', '')} {group['name']}"
    if request.user.has_perm("tenants.view_switch"):
        for switch in KILL_SWITCHES.values():
            title = f"Kill switch: {switch.label}"
            yield Found(title, reverse("admin:tenants_switch_changelist"), switch.effect), ""
    user: Any = request.user
    own = (*_OWN, _PASSWORD) if user.has_usable_password() else _OWN
    for view, name, others in own:
        yield Found(name, reverse(view), "Your account"), others


def _actions(user: Any) -> Iterator[tuple[Found, str]]:
    """Yield each action once, with the list of the rows that it is for."""
    seen: set[str] = set()
    for model in registry.models():
        for action in registry.of(model).values():
            if action.label not in seen and _may(action, user):
                seen.add(action.label)
                yield _action(action), str(model._meta.verbose_name)


def _may(action: registry.Action, user: Any) -> bool:
    # A permission that depends on the row cannot be asked without one.
    return isinstance(action.permission, str) and action.allows(user)


def _action(action: registry.Action) -> Found:
    meta = action.models[0]._meta
    address = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
    return Found(action.label, address, f"On the page of {meta.verbose_name_plural}")
