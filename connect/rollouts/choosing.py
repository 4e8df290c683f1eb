"""Which tenants a roll-out goes to: a filter, a tag, a share of what is left."""

import math
from collections.abc import Collection
from dataclasses import dataclass

from connect.models import Connection, MappingTemplate, Tag
from connect.rollouts.creating import eligible, stable_shuffle_key


@dataclass(frozen=True)
class Choice:
    """What a tenant must be to be chosen; None and "" stand for any. `share` is a percentage."""

    tenants: Collection[int] = ()
    environment: str = ""
    plan: str = ""
    version: MappingTemplate | None = None
    api_version: str = ""
    tag: Tag | None = None
    share: int = 100


def choose(choice: Choice, salt: str) -> list[Connection]:
    """Return the chosen connections among those that may join a roll-out.

    A share is drawn by chance, but the same for the same `salt`; it is rounded up.
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
