"""Choosing the tenants of a roll-out: by filters, by tag, by a random share."""

import math
from collections.abc import Collection
from dataclasses import dataclass

from connect.models import Connection, MappingTemplate, Tag
from connect.rollouts import left_out
from connect.rollouts.creating import eligible, stable_shuffle_key
from connect.rollouts.left_out import LeftOut


@dataclass(frozen=True)
class Choice:
    """The conditions for a tenant; None and "" match any. `share` is a percentage."""

    tenants: Collection[int] = ()
    environment: str = ""
    plan: str = ""
    version: MappingTemplate | None = None
    api_version: str = ""
    tag: Tag | None = None
    share: int = 100


def choose(choice: Choice, salt: str) -> list[Connection]:
    """Return the chosen connections among those that may join a roll-out.

    A share is random, but the same for the same `salt`. It is rounded up.
    """
    wanted = {
        "tenant__in": choice.tenants,
        "tenant__environment": choice.environment,
        "plan": choice.plan,
        "template": choice.version,
        "api_version": choice.api_version,
        "tenant__tags": choice.tag,
    }
    given = {name: value for name, value in wanted.items() if value}
    found = sorted(eligible().filter(**given), key=lambda each: stable_shuffle_key(salt, each.pk))
    return found[: math.ceil(len(found) * choice.share / 100)]


def unmet(choice: Choice, chosen: Collection[Connection]) -> list[LeftOut]:
    """Return the tenants that are named in a choice and were not chosen, and why."""
    missing = set(choice.tenants) - {each.tenant_id for each in chosen}
    return left_out.explain(missing, "it does not match the other conditions") if missing else []


def tagged(chosen: Collection[Connection], tag: Tag | None) -> set[int]:
    """Return the ids of the chosen connections whose tenants have a tag; none without a tag."""
    if tag is None:
        return set()
    tenants = set(tag.tenants.values_list("pk", flat=True))
    return {each.pk for each in chosen if each.tenant_id in tenants}
