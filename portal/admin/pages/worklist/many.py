"""One press on many rows. The page before it says to how many, whom it skips and why."""

from collections import Counter
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from portal.actions import action as registry
from portal.admin.kit.actions import MAX_IN_A_RUN, ActionsAdmin
from portal.dashboard.attention import CAUSES
from portal.dashboard.worklist import cases, keys, reading
from portal.dashboard.worklist.wanted import Wanted
from tenants.models import Tenant

# The right action of each row: they must agree on it.
ACT = "act"
OF_ALL = ("assign", "unassign", "note", "snooze", "unsnooze", "retry")
MAX_JUDGED = 500  # rows whose right actions are compared


class Refused(Exception):
    """It cannot be done to these rows together. The text is the reason."""


def offered(user: User | AnonymousUser, *, snoozed: bool) -> list[tuple[str, str]]:
    """Return the names and labels of what the user may do to many rows, all snoozed or none."""
    actions = registry.of(Tenant)
    names = [name for name in OF_ALL if name != ("snooze" if snoozed else "unsnooze")]
    own = [(name, actions[name].label) for name in names if actions[name].allows(user)]
    return [(ACT, "Do what each needs"), *own] if own else []


def all_of(filters: Wanted, reader: str) -> keys.Keys:
    """Return every row of the cause that is filtered by, also those on other pages."""
    cause = next((each for each in CAUSES if each.name == filters.cause), None)
    if cause is None:
        return {}
    rows = filters.narrow(cause.rows(timezone.now(), snoozed=bool(filters.snoozed)), reader)
    field = "tenant" if cause.model is Tenant else "pk"
    return {cause.model: list(rows.values_list(field, flat=True)[: MAX_IN_A_RUN + 1])}


def press(request: HttpRequest, chosen: keys.Keys, name: str) -> HttpResponseBase | None:
    """Ask whether to do an action to the chosen rows, or do it. Raises Refused."""
    if not chosen:
        raise Refused("select one row at least.")
    if len(chosen) > 1:
        raise Refused("tenants and other things cannot be changed by one press. Select one kind.")
    ((model, pks),) = chosen.items()
    page: Any = admin.site._registry.get(model)
    if name == ACT:
        name = _common_action(request, {model: pks})
    action = registry.of(model).get(name)
    if action is None or not action.in_bulk or not isinstance(page, ActionsAdmin):
        raise Refused("these rows have no such action for many. Open them one by one.")
    rows: QuerySet[Any] = page.get_queryset(request).filter(pk__in=pks)
    return page.act_on_many(request, action, rows, key=_name)


def _name(row: Model) -> str:
    return keys.of(row)


def _common_action(request: HttpRequest, chosen: keys.Keys) -> str:
    """Return the one right action of all rows. Raises Refused if they need different ones."""
    now = timezone.now()
    if sum(map(len, chosen.values())) > MAX_JUDGED:
        raise Refused(f"select {MAX_JUDGED} rows at most, so that each can be judged.")
    found = cases.build(request.user, reading.among(chosen, now), now)
    acts = [case.act for case in found]
    names = {act.name for act in acts if act and not act.is_link}
    labels = Counter(act.label if act else "nothing to press" for act in acts)
    if not labels:
        raise Refused("they need nobody any more.")
    if len(labels) > 1 or len(names) != 1:
        each = ", ".join(f"{label} ({number})" for label, number in labels.most_common())
        raise Refused(f"these rows need different things, or one that is done elsewhere: {each}.")
    return names.pop()
