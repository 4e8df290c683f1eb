"""What can break at Heroku Connect: its services, its databases, a connection, a mapping."""

from emulator.connect.engine.connections import authorize
from emulator.control.breaks.kinds import (
    CONNECTION,
    MAPPING,
    Break,
    Target,
    faulty,
    switched,
)
from emulator.control.system import reject
from emulator.org.new_org import new_org
from emulator.state.entities import Connection, Mapping
from emulator.web.call import Call

# Documented, or used by a client that others wrote; docs/emulator.md lists what each means.
CONNECTION_STATES = (
    *("UNAUTHORIZED", "HEROKU_UNAUTH", "INACTIVE_ORG", "SYSTEM_ERROR", "DB_UNAVAILABLE"),
    *("TOO_MANY_ROWS", "PAUSED", "SYSTEM_ON_ICE", "RECOVERY", "BUSY", "POLLING_DB_CHANGES"),
    *("IMPORT_CONFIGURATION", "NEED_AUTHENTICATION", "NEW", "IDLE", "A_STATE_OF_TOMORROW"),
)
MAPPING_STATES = (
    *("BAD_CONFIG", "BULK_LOAD_ERROR", "SYSTEM_ERROR", "DB_UNAVAILABLE", "SYNC_REMOVED"),
    *("INACTIVE_ORG", "UNAUTHORIZED", "ABORTED", "INITIAL", "SCHEMA_CHANGED", "RESYNC"),
    *("RELOAD_TABLE", "POLLING_SF_CHANGES", "POLLING_SF_BULK", "POLLING_SF_FOR_DELETES"),
    *("WAIT_BULK_LOAD", "LOADING_BULK_JOB", "RESOLVE_EXTERNAL_IDS", "POLL_EXTERNAL_IDS"),
    *("WAIT_BULK_UPDATE", "APPLYING_BULK_UPDATE", "RECOVERY", "DATA_SYNCED"),
)
STRANGER = "A Stranger's Org"
AWAY = {"message": "The service is unavailable."}


def _wrong_org(call: Call, target: Target, _choice: str) -> None:
    """Authorize a connection with the org of a stranger."""
    world, connection = call.world, _connection(target)
    call.engine.settle(connection)
    if connection.state != "NEED_AUTHENTICATION":
        reject(409, "only a connection in NEED_AUTHENTICATION can be authorized by a wrong org")
    with world.lock:
        org = next((each for each in world.orgs.values() if each.name == STRANGER), None)
        if org is None:
            org = new_org(world.new_org_id(), STRANGER)
            world.add_org(org)
    with world.hold(connection.id):
        connection.api_version = world.behaviour.latest_api_version
        authorize(world, connection, org, org.users[0])


def _set_state(call: Call, target: Target, choice: str) -> None:
    if isinstance(target, Mapping):
        with call.world.hold(target.connection_id):
            target.state = choice
            call.world.put(target)
    else:
        connection = _connection(target)
        with call.world.hold(connection.id):
            connection.state = choice
            call.world.put(connection)


def _connection(target: Target) -> Connection:
    if not isinstance(target, Connection):
        reject(400, "a connection is expected")
    return target


BREAKS = (
    faulty(
        "discovery-away",
        "Discovery is away",
        "hc-central answers 503. Regions go on answering.",
        {"system": "central", "status": 503, "body": AWAY},
    ),
    faulty(
        "region-away",
        "The region is away",
        "Every cell of the region answers 503. Discovery goes on answering.",
        {"system": "region", "status": 503, "body": AWAY},
    ),
    faulty(
        "region-slow",
        "The region is slow",
        "Every call to the region takes 8 real seconds longer, and works.",
        {"system": "region", "delay": 8},
    ),
    faulty(
        "region-html",
        "The region answers with a page",
        "Every call to the region gets 502 and a page of HTML.",
        {"system": "region", "html": True},
    ),
    faulty(
        "region-lost-answers",
        "The region's answers are lost",
        "Every POST and PATCH is done, and the connection ends without an answer.",
        *({"system": "region", "method": each, "drop": "after"} for each in ("POST", "PATCH")),
    ),
    switched(
        "database-away",
        "Heroku Connect reaches no database",
        "Connections become DB_UNAVAILABLE. Fix it, then restart each of them.",
        database_away=True,
    ),
    switched(
        "row-limit",
        "The demo plan's row limit is reached",
        "Connections of the demo plan become TOO_MANY_ROWS. Fix it, or upgrade the plan; restart.",
        demo_row_limit=0,
    ),
    switched(
        "configuration-ignored",
        "The configuration is ignored",
        "The next three PATCHes of each new connection answer 200 and do nothing.",
        ignored_patches=3,
    ),
    switched(
        "links-expire",
        "Authorize links expire at once",
        "The page of a fresh authorize_url says that the link has expired.",
        authorize_url_seconds=0,
    ),
    switched(
        "regions-differ",
        "App, database and connection are in several regions",
        "The diagnosis warns of it.",
        regions_match=False,
    ),
    Break(
        "wrong-org",
        "The wrong org authorizes",
        "A stranger's org authorizes a connection that waits for it. Only a new add-on fixes it.",
        _wrong_org,
        on=CONNECTION,
    ),
    Break(
        "connection-state",
        "Any state of a connection",
        "The state is forced, without its cause. Restart, or choose IDLE.",
        _set_state,
        on=CONNECTION,
        choices=CONNECTION_STATES,
    ),
    Break(
        "mapping-state",
        "Any state of a mapping",
        "The state is forced, without its cause. Reload the mapping, or choose DATA_SYNCED.",
        _set_state,
        on=MAPPING,
        choices=MAPPING_STATES,
    ),
)
