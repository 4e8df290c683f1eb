"""What a connection can see: an object's fields in the org, and the app's databases."""

from werkzeug.wrappers import Response

from emulator.connect.api.opening import opened, require_authenticated
from emulator.connect.api.system import API, CONNECTION, SYSTEM, error
from emulator.heroku.checks import visible_app
from emulator.heroku.documents import POSTGRES_PLAN
from emulator.org.objects import Field
from emulator.web.answers import answer, refuse
from emulator.web.call import Call


@SYSTEM.route(f"{CONNECTION}/schemas/<object_name>")
def show_object(call: Call, connection_id: str, object_name: str) -> Response:
    """Show the fields of an object of the org."""
    with opened(call, connection_id) as connection:
        require_authenticated(connection)
        org = call.world.orgs.get(connection.organization_id or "")
        sobject = org.describe(object_name) if org else None
        if sobject is None:
            refuse(error(404, f"Object {object_name} not found."))
        fields = [_field_json(each) for each in sobject.fields]
        return answer({"name": sobject.name, "fields": fields})


def _field_json(field: Field) -> dict[str, object]:
    return {
        "name": field.name,
        "label": field.name.removesuffix("__c").replace("_", " "),
        "type": field.type,
        "length": field.described_length,
        "required": field.required,
        "unique": field.unique,
        "external_id": field.external_id,
        "createable": field.updateable,
        "updateable": field.updateable,
        "calculated": field.calculated,
        "reference_to": list(field.targets),
        "relationship_name": field.relationship or None,
        "compound_field_name": field.compound or None,
    }


@SYSTEM.route(f"{API}/apps/<app>")
def list_databases(call: Call, app: str) -> Response:
    """List the config vars of the app that hold a Postgres URL."""
    owner = visible_app(call, app)
    if owner is None:
        refuse(error(404, "Not found."))
    keys = [
        {
            "name": name,
            # Null for a URL that no add-on has set: Heroku's plugin failed on it (issue 106).
            "addon": {"plan": POSTGRES_PLAN}
            if name.removesuffix("_URL") in owner.databases
            else None,
        }
        for name, value in sorted(owner.config_vars.items())
        if value.startswith(("postgres://", "postgresql://"))
    ]
    return answer({"db_keys": keys})
