"""Every emulated system; importing a module here registers its routes."""

from emulator.connect.api import (
    actions,
    api_versions,
    authorize_links,
    authorize_pages,
    configuration,
    discovery,
    import_export,
    mappings,
    notifications,
    schemas,
    validations,
    write_errors,
)
from emulator.connect.api import connections as regional_connections
from emulator.control import addons as control_addons
from emulator.control import apps as control_apps
from emulator.control import (
    calls,
    faults,
    grants,
    org_setup,
    orgs,
    overview,
    posts,
    ready_connections,
    records,
    sites,
    world,
)
from emulator.control import connections as control_connections
from emulator.control.breaks import routes as breaks
from emulator.heroku import account, addons, app, apps, attachments, enrollment, services
from emulator.salesforce import apex, authorize, query, revocation, token, users
from emulator.web.routing import System
from emulator.x import accounts, search, usage

MODULES = (
    *(account, addons, app, apps, attachments, enrollment, services),
    discovery,
    *(actions, api_versions, authorize_links, authorize_pages, configuration, import_export),
    *(mappings, notifications, regional_connections, schemas, validations, write_errors),
    *(apex, authorize, query, revocation, token, users),
    accounts,
    search,
    usage,
    *(calls, control_addons, control_apps, control_connections, faults, grants, org_setup, orgs),
    breaks,
    overview,
    *(posts, ready_connections, records, sites, world),
)
SYSTEMS: dict[str, System] = {module.SYSTEM.name: module.SYSTEM for module in MODULES}
