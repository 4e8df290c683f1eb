"""The names of add-ons: fixed for each connection, so that a lost answer makes no second one."""

import hashlib
import re
from dataclasses import dataclass

from django.conf import settings

from tenants import orgid

SERVICE = "herokuconnect"  # the part of a plan before the colon


@dataclass(frozen=True)
class Owner:
    """The org and the generation that a name stands for."""

    org_id: str
    generation: int


def name_for(org_id: str, generation: int) -> str:
    """Return a name that is unique over all of Heroku and the same at every attempt."""
    return f"{_prefix()}{org_id.lower()}-{generation}"


def attachment_for(org_id: str, generation: int) -> str:
    """Return the name of the add-on's attachment, unique within the app."""
    # Upper case, because Heroku makes a config var of it.
    return f"HC_{org_id}_{generation}".upper()


def owner_of(name: str) -> Owner | None:
    """Return for whom the portal gave an add-on this name; None if it is not the portal's."""
    found = re.fullmatch(re.escape(_prefix()) + r"([0-9a-z]{18})-([1-9][0-9]{0,3})", name)
    if found is None:
        return None
    try:
        return Owner(orgid.from_lower(found[1]), int(found[2]))
    except orgid.BadOrgId:
        return None


def is_of_connect(plan: str) -> bool:
    """Return whether a plan is one of Heroku Connect."""
    return plan.partition(":")[0] == SERVICE


def _prefix() -> str:
    # Add-on names are global at Heroku, so the app is part of it, shortened to fit.
    app = hashlib.sha256(settings.APP_NAME.encode()).hexdigest()[:6]
    return f"hc-{app}-"
