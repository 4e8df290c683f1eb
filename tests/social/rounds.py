"""Rounds of collection for tests."""

from typing import Any

from social.collection import collect
from social.models import CollectionRun, TenantCollection, Trigger
from tests import cast
from tests.social.live_tenants import Live, XSide, go_live


def round_of(**more: Any) -> CollectionRun:
    """Do a round."""
    return collect(Trigger.SCHEDULE, **more)


def result(run: CollectionRun, live: Live) -> TenantCollection:
    """What the run did for one tenant."""
    return TenantCollection.objects.get(run=run, connection=live.connection)


def many(x_side: XSide, searches: int) -> Live:
    """Acme with 20 Accounts for each search. Each of them has posted once."""
    names = [f"handle_{number:08d}" for number in range(20 * searches)]
    x_side.post_many(*((name, f"By {name}") for name in names))
    return go_live(cast.ACME, *names)
