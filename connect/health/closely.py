"""The tenants that staff want to be looked at each minute, each by a call of its own."""

from collections.abc import Collection
from datetime import timedelta

from django.db.models import F, Q
from django.utils import timezone

from connect.clients import budget
from connect.clients.accounts import account_of
from connect.models import Connection, Stage
from tenants.models import LookEvery

# The schedule may come a moment early.
_SINCE = timedelta(minutes=LookEvery.MINUTE) - timedelta(seconds=10)


def due(limit: int, others: Collection[int]) -> list[int]:
    """Return the connections to look at now, the longest not seen first; not those of `others`.

    If the account has too few calls left, they are looked at every five minutes, with all others.
    """
    wanted = Connection.objects.filter(tenant__look_every=LookEvery.MINUTE, stage=Stage.LIVE)
    before = timezone.now() - _SINCE
    rows = wanted.filter(Q(seen_at=None) | Q(seen_at__lt=before)).exclude(pk__in=others)
    found = rows.select_related("host_app").order_by(F("seen_at").asc(nulls_first=True))[:limit]
    may = {name: _may_call(name) for name in {account_of(row).name for row in found}}
    return [row.pk for row in found if may[account_of(row).name]]


def _may_call(account: str) -> bool:
    return budget.allows_background_work(account, [budget.CONNECT])
