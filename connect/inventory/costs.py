"""What the tenants' add-ons cost a month, from the prices that Heroku bills."""

from collections import defaultdict
from collections.abc import Iterable

from connect.clients.heroku import Addon
from connect.models import HostApp


def note(host: HostApp, listed: Iterable[Addon]) -> None:
    """Store what Heroku bills for each add-on of a host app now."""
    by_price: defaultdict[int | None, list[str]] = defaultdict(list)
    for addon in listed:
        by_price[addon.monthly_cents].append(addon.id)
    # One statement for each price, because a fleet has few different ones.
    for cents, ids in by_price.items():
        same = host.connections.filter(addon_id__in=ids, offboarded_at=None)
        same.exclude(monthly_cents=cents).update(monthly_cents=cents)
