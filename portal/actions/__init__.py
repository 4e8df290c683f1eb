"""Everything that staff can press. Importing this package registers the portal's own actions.

Another app registers its actions in a module of its own called `actions`; PortalConfig imports it.
"""

from portal.actions import (
    addon_days,
    bulk_runs,
    care,
    connections,
    discrepancies,
    door,
    drift,
    host_apps,
    integrations,
    kept_schemas,
    mappings,
    orgs,
    post_mortems,
    queue,
    rollouts,
    snoozes,
    started,  # noqa: F401  (its sweep is registered)
    switches,
    tags,
    tenants,
    write_errors,
)
from portal.actions.action import register

# The order of the buttons on a page.
for _module in (
    tenants,
    orgs,
    connections,
    care,
    tags,
    post_mortems,
    mappings,
    rollouts,
    drift,
    write_errors,
    bulk_runs,
    queue,
    switches,
    door,
    addon_days,
    discrepancies,
    host_apps,
    kept_schemas,
    snoozes,
    integrations,
):
    register(*_module.ACTIONS)
