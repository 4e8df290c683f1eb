"""Heroku Connect's regional API: a connection's detail, configuration, actions and errors.

Source: Heroku's Connect command-line plugin and the Dev Center's "Heroku Connect API". Mappings are
in mappings_api, diagnosis and API versions in diagnose, authorize_url's pages in authorize.
"""

import re
import secrets
from datetime import datetime, timedelta
from typing import Any

from werkzeug.wrappers import Response

from emulator.connect.api import mapping_config
from emulator.connect.api.connect_documents import connection_json, export_json
from emulator.connect.api.region import API, SYSTEM, error, opened, require_authenticated
from emulator.connect.engine import agenda, connections
from emulator.connect.sync import trigger_log
from emulator.heroku.heroku_documents import app_id
from emulator.state.entities import AddOn, AuthorizeLink, Connection, UsedSchema
from emulator.state.world import World
from emulator.web.web import Call, answer, refuse

CONNECTION = f"{API}/connections/<connection_id>"
SCHEMA_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")
ENVIRONMENTS = ("production", "sandbox", "custom")
ERRORS_KEPT = timedelta(hours=24)


@SYSTEM.route(f"{API}/connections")
def list_connections(call: Call) -> Response:
    """List connections with their details: the older call, still answered by every region."""
    world, args = call.world, call.request.args
    call.engine.settle_addons()
    found = [each for each in world.all(Connection) if _listed(world, each)]
    if "app" in args and args["app"] not in (world.options.app, app_id(world)):
        found = []
    if "resource_name" in args:
        wanted = args["resource_name"]
        found = [each for each in found if world.addons[each.addon_id].name == wanted]
    if "resource_id" in args:
        found = [each for each in found if each.addon_id == args["resource_id"]]
    for each in found:
        call.engine.settle(each)
    deep = args.get("deep") == "true"
    results = [connection_json(world, call.base, each, deep=deep) for each in found]
    return answer({"count": len(results), "results": results})


@SYSTEM.route(f"{API}/users/me/apps/<app>/auth", "POST")
def link(call: Call, app: str) -> Response:
    """Link the app to the caller: the older form of discovery's POST /auth."""
    if app not in (call.world.options.app, app_id(call.world)):
        refuse(error(404, "Not found."))
    call.engine.settle_addons()
    for addon in call.world.all(AddOn):
        if addon.state == "provisioned":
            addon.linked = True
            call.world.put(addon)
    return answer({})


@SYSTEM.route(CONNECTION)
def detail(call: Call, connection_id: str) -> Response:
    """Show a connection; `deep=true` adds its mappings."""
    with opened(call, connection_id) as connection:
        deep = call.request.args.get("deep") == "true"
        return answer(connection_json(call.world, call.base, connection, deep=deep))


@SYSTEM.route(CONNECTION, "PATCH")
def configure(call: Call, connection_id: str) -> Response:
    """Set schema and database. Only a 202 means that it will happen."""
    world = call.world
    body = call.json()
    with opened(call, connection_id) as connection:
        connection.name = str(body.get("name", connection.name))
        status = 200
        if "schema_name" in body or "db_key" in body:
            status = _configure(world, connection, body)
        world.put(connection)
        return answer(connection_json(world, call.base, connection, deep=False), status)


def _configure(world: World, connection: Connection, body: dict[str, Any]) -> int:
    """Plan the configuration; answers the status."""
    schema = body.get("schema_name", "salesforce")
    db_key = body.get("db_key", "DATABASE_URL")
    if (schema, db_key) == (connection.schema_name, connection.db_key):
        return 200
    if connection.state != "NEW":
        refuse(error(400, "The database of a connection cannot be changed."))
    if connection.patches_ignored < world.behaviour.ignored_patches:
        connection.patches_ignored += 1
        return 200
    if not isinstance(schema, str) or not SCHEMA_NAME.fullmatch(schema):
        refuse(error(400, "Schema name is not valid."))
    with world.lock:
        used = world.get(UsedSchema, schema)
        if used is not None and used.connection_id != connection.id:
            refuse(error(400, f"Schema {schema} already exists. Choose another name."))
        if db_key not in world.config_vars:
            # Known of the real one: it says yes, and the connection stays NEW.
            return 202
        if used is None and _schema_exists(world, schema):
            refuse(error(400, f"Schema {schema} already exists. Choose another name."))
        world.put(UsedSchema(schema, connection.id, world.clock.now()))
    if not any(each["step"] == "configured" for each in connection.agenda):
        wait = world.behaviour.configure_seconds
        agenda.schedule(world, connection, wait, "configured", schema_name=schema, db_key=db_key)
    return 202


def _schema_exists(world: World, schema: str) -> bool:
    with world.databases.connection(world.options.database_url) as conn:
        query = "SELECT 1 FROM pg_namespace WHERE nspname = %s"
        return conn.execute(query, [schema]).fetchone() is not None


@SYSTEM.route(f"{CONNECTION}/authorize_url", "POST")
def authorize_url(call: Call, connection_id: str) -> Response:
    """Hand out a page, good once and for a short time, that leads through the Salesforce log-in."""
    body = call.json()
    with opened(call, connection_id) as connection:
        if connection.state == "NEW":
            refuse(error(400, "The connection has no database yet."))
        link = new_link(call, connection, body)
    return answer({"redirect": f"{call.base}/region/oauth/authorize/{link.id}"}, 201)


def new_link(call: Call, connection: Connection, wanted: dict[str, Any]) -> AuthorizeLink:
    """Make the token behind an authorize URL; answers 400 to a wish that makes no sense."""
    world = call.world
    environment = wanted.get("environment", "production")
    if environment not in ENVIRONMENTS:
        refuse(error(400, f"environment must be one of {', '.join(ENVIRONMENTS)}"))
    domain = str(wanted.get("domain") or "").removeprefix("https://").strip("/").lower()
    if environment == "custom" and not domain:
        refuse(error(400, "domain is required for a custom environment"))
    link = AuthorizeLink(
        id=secrets.token_urlsafe(24),
        connection_id=connection.id,
        environment=environment,
        domain=domain if environment == "custom" else None,
        api_version=wanted.get("api_version"),
        next=str(wanted.get("next") or "http://localhost:18000"),
        expires_at=world.clock.stamp + world.behaviour.authorize_url_seconds,
    )
    world.put(link)
    return link


# -- actions -------------------------------------------------------------------------------------


@SYSTEM.route(f"{CONNECTION}/actions/pause", "POST")
def pause(call: Call, connection_id: str) -> Response:
    """Pause a connection that is idle."""
    with opened(call, connection_id) as connection:
        if connection.state != "IDLE":
            refuse(error(409, f"Connection cannot be paused while {connection.state}."))
        agenda.schedule(call.world, connection, call.world.behaviour.pause_seconds, "paused")
        call.engine.settle(connection)
    return Response(status=202)


@SYSTEM.route(f"{CONNECTION}/actions/resume", "POST")
def resume(call: Call, connection_id: str) -> Response:
    """Resume a paused connection."""
    with opened(call, connection_id) as connection:
        if connection.state != "PAUSED":
            refuse(error(409, f"Connection cannot be resumed while {connection.state}."))
        connection.state = "IDLE"
        call.world.put(connection)
    return Response(status=202)


@SYSTEM.route(f"{CONNECTION}/actions/restart", "POST")
def restart(call: Call, connection_id: str) -> Response:
    """Clear errors and go on, by way of RECOVERY."""
    with opened(call, connection_id) as connection:
        require_authenticated(connection)
        connections.restart(call.world, connection)
    return Response(status=202)


@SYSTEM.route(f"{CONNECTION}/actions/export")
def export(call: Call, connection_id: str) -> Response:
    """Show the configuration as a document that import takes back."""
    with opened(call, connection_id) as connection:
        return answer(export_json(call.world, connection))


@SYSTEM.route(f"{CONNECTION}/actions/import", "POST")
def import_configuration(call: Call, connection_id: str) -> Response:
    """Take mappings from a document, later: the answer is empty and proves nothing yet."""
    world = call.world
    body = call.json()
    with opened(call, connection_id) as connection:
        require_authenticated(connection)
        if connection.state != "IDLE":
            refuse(error(409, f"Cannot import while the connection is {connection.state}."))
        minimum = mapping_config.minimum_polling_seconds(world, connection)
        mappings = mapping_config.read_document(body, minimum, world.behaviour)
        agenda.schedule(
            world, connection, world.behaviour.import_lag_seconds, "import", mappings=mappings
        )
    return Response(b"", 202)


# -- errors and notifications --------------------------------------------------------------------


@SYSTEM.route(f"{CONNECTION}/errors")
def errors(call: Call, connection_id: str) -> Response:
    """List the write errors of the last 24 hours."""
    with opened(call, connection_id) as connection:
        return answer(listed_errors(call.world, connection, None))


def listed_errors(world: World, connection: Connection, table: str | None) -> dict[str, Any]:
    """The write errors of a connection, or of one of its tables."""
    if connection.organization_id is None:
        return {"count": 0, "results": []}
    since = world.clock.now() - ERRORS_KEPT
    with world.database(connection) as conn:
        found = trigger_log.write_errors(conn, str(connection.schema_name), since, table)
    return {"count": len(found), "results": found}


@SYSTEM.route(f"{CONNECTION}/notifications")
def notifications(call: Call, connection_id: str) -> Response:
    """List notifications that nobody acknowledged."""
    with opened(call, connection_id) as connection:
        found, _ = _chosen(call, connection)
        return answer({"results": found})


@SYSTEM.route(f"{CONNECTION}/notifications/acknowledge", "POST")
def acknowledge(call: Call, connection_id: str) -> Response:
    """Acknowledge every notification that the query chooses."""
    with opened(call, connection_id) as connection:
        _, connection.notifications = _chosen(call, connection)
        call.world.put(connection)
    return Response(status=204)


def _chosen(
    call: Call, connection: Connection
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Part the notifications in those that the query chooses, newest first, and the others."""
    args = call.request.args
    try:
        after = datetime.fromisoformat(args["after"]) if "after" in args else None
        before = datetime.fromisoformat(args["before"]) if "before" in args else None
        most = int(args.get("page_size", 1000))
    except ValueError:
        refuse(error(400, "Invalid request parameters"))
    chosen: list[dict[str, Any]] = []
    others: list[dict[str, Any]] = []
    for each in reversed(connection.notifications):
        at = datetime.fromisoformat(each["created_at"])
        fits = (
            (after is None or at > _aware(after))
            and (before is None or at < _aware(before))
            and args.get("event_type") in (None, each["event_type"])
        )
        (chosen if fits and len(chosen) < most else others).append(each)
    return chosen, others[::-1]


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.astimezone()


# -- what a connection can see -------------------------------------------------------------------


@SYSTEM.route(f"{CONNECTION}/schemas/<object_name>")
def schema(call: Call, connection_id: str, object_name: str) -> Response:
    """Show the fields of an object of the org."""
    with opened(call, connection_id) as connection:
        require_authenticated(connection)
        org = call.world.orgs.get(connection.organization_id or "")
        sobject = org.describe(object_name) if org else None
        if sobject is None:
            refuse(error(404, f"Object {object_name} not found."))
        fields = [
            {
                "name": each.name,
                "label": each.name.removesuffix("__c").replace("_", " "),
                "type": each.type,
                "length": each.length,
                "required": each.required,
                "unique": each.unique,
                "external_id": each.external_id,
                "updateable": each.updateable,
            }
            for each in sobject.fields
        ]
        return answer({"name": sobject.name, "fields": fields})


@SYSTEM.route(f"{API}/apps/<app>")
def databases(call: Call, app: str) -> Response:
    """List the config vars of the app that hold a Postgres URL."""
    world = call.world
    if app not in (world.options.app, app_id(world)):
        refuse(error(404, "Not found."))
    keys = [
        {
            "name": name,
            "addon": {"plan": "heroku-postgresql:standard-0"} if name == "DATABASE_URL" else None,
        }
        for name, value in sorted(world.config_vars.items())
        if value.startswith(("postgres://", "postgresql://"))
    ]
    return answer({"db_keys": keys})


def _listed(world: World, connection: Connection) -> bool:
    addon = world.addons.get(connection.addon_id)
    return addon is not None and addon.linked
