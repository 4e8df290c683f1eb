"""Which version a new tenant gets: it depends on the package that its org has."""

from connect.clients import heroku_mappings
from connect.clients.accounts import remote_of
from connect.mappings import placeholders, templates
from connect.models import Connection, MappingTemplate, Package


def choose(connection: Connection) -> MappingTemplate | None:
    """Return the first version for a tenant; None if there is none at all.

    Asks Heroku Connect what the org has, and raises the errors of connect.clients.http.
    """
    default = templates.default_for(connection)
    # Only today's package names its version, so the org need not be asked.
    if default is None or connection.tenant.package_version:
        return default
    other = templates.newest(Package.ORIGINAL)
    return other if other and _lacks_identifiers(connection, default) else default


def _lacks_identifiers(connection: Connection, template: MappingTemplate) -> bool:
    """Return whether the org has every object that is written, and none of their identifiers.

    If one of them is there, or an object is not, then something else is wrong with the org or with
    its user's permissions, and another version would hide it.
    """
    document = placeholders.fill(template.document, connection.tenant.namespace)
    wanted = {
        each["object_name"]: str(each["config"]["upsert_field"]).lower()
        for each in document["mappings"]
        if each["config"].get("upsert_field")
    }
    for name, identifier in wanted.items():
        known = heroku_mappings.describe(remote_of(connection), name)
        if known is None or known.has(identifier):
            return False
    return bool(wanted)
