"""What this use case adds to the portal when Django starts: schedules, rights, a database role.

Its pages and its card are in `admin`, its checks in `checks`, its kill switch in `switches`.
"""

from collections.abc import Iterator

from django.db import DEFAULT_DB_ALIAS

from connect import databases
from connect.databases import DatabaseAway
from connect.models import HostApp
from portal import roles, set_up
from portal.project import schedules
from social import database_role, tasks

_MODELS = (
    "collectionrun",
    "tenantcollection",
    "handle",
    "post",
    "spend",
    "callallowance",
    "search",
    "delivery",
)


def _make_roles() -> Iterator[str]:
    """Make the role of the posts in each database that has tenants."""
    used = HostApp.objects.values_list("database", flat=True)
    # Those too that no host app names yet: the next one may, before the next release.
    others = {name for name in databases.names() if name != DEFAULT_DB_ALIAS}
    for alias in sorted({*used, *others}):
        try:
            yield database_role.ensure(alias)
        except DatabaseAway as away:
            yield f"role {database_role.ROLE}: {away}"


set_up.register(_make_roles)
schedules.every(15, tasks.collect)
schedules.daily(tasks.prune)
roles.grant(roles.VIEWER, *(f"social.view_{model}" for model in _MODELS))
roles.grant(roles.OPERATOR, "social.run_collection")
