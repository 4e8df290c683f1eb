"""What the user of a grant may do in the org: asked before anything that costs money is made."""

from connect.clients import salesforce
from connect.clients.http import Permanent
from tenants.models import Tenant

# Any version that all orgs have; the fields below are older.
API_VERSION = "v59.0"
# What the user needs who lets Heroku Connect read the org: the field, and the name in Salesforce.
PERMISSIONS = {
    "PermissionsApiEnabled": "API Enabled",
    "PermissionsViewAllData": "View All Data",
}
# UserPermissionAccess has one row: what the calling user may do, by profile and permission sets.
QUERY = "SELECT PermissionsApiEnabled, PermissionsViewAllData FROM UserPermissionAccess LIMIT 1"
# Salesforce's codes for a user, and for an org, without the API.
_NO_API = ("API_DISABLED_FOR_ORG", "API_CURRENTLY_DISABLED")


def missing(tenant: Tenant) -> list[str]:
    """Return what the user of the grant lacks to decide for the org; [] if nothing.

    Each entry completes the sentence "… lacks". Raises RemoteError, GrantLost and GrantError.
    """
    try:
        return [*_missing_package(tenant), *_missing_permissions(tenant)]
    except Permanent as error:
        # Without the API nothing else can be asked.
        if error.status == 403 and error.code in _NO_API:
            return [PERMISSIONS["PermissionsApiEnabled"]]
        raise


def _missing_package(tenant: Tenant) -> list[str]:
    try:
        installed = salesforce.is_package_installed(tenant)
    except Permanent as error:
        if error.status != 403 or error.code in _NO_API:
            raise
        return ["access to the package (permission set “Multiconnect Administrator”)"]
    if installed:
        return []
    namespace = f"the namespace {tenant.namespace}" if tenant.namespace else "no namespace"
    return [f"the package: it is not installed in the org with {namespace}"]


def _missing_permissions(tenant: Tenant) -> list[str]:
    path = f"/services/data/{API_VERSION}/query"
    answer = salesforce.call(tenant, "GET", path, params={"q": QUERY}, reads=True)
    rows = answer.document().objects("records")
    granted = rows[0].raw if rows else {}
    return [name for field, name in PERMISSIONS.items() if granted.get(field) is not True]
