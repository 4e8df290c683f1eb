"""What this use case adds to the portal when Django starts: schedules and rights.

Its pages and its card are in `admin`, its checks in `checks`, its kill switch in `switches`.
"""

from portal import roles
from portal.project import schedules
from social import tasks

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

schedules.every(15, tasks.collect)
schedules.daily(tasks.prune)
roles.grant(roles.VIEWER, *(f"social.view_{model}" for model in _MODELS))
roles.grant(roles.OPERATOR, "social.run_collection")
