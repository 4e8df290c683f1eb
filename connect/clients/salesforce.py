"""The Apex REST resource of the ISV's package in a subscriber's org.

Raises the errors of connect.clients.http, and those of tenants.grants (GrantLost, GrantError)
where the portal's session in the org cannot be renewed.
"""

from connect.clients.http import Answer, NotFound, Peer, Permanent, Unauthorized
from tenants import grants, hosts, salesforce_access
from tenants.models import SalesforceGrant, Tenant
from tenants.salesforce_access import SYSTEM, SalesforcePeer


def publish_link(tenant: Tenant, connection_id: str, authorize_url: str) -> None:
    """Give the package in the tenant's org the address where its admin authorizes Heroku Connect.

    Safe to repeat. Raises NotFound if the package does not answer, Permanent if the user may not
    use it; never Unauthorized, because an expired session is refreshed.
    """
    document = {"connectionId": connection_id, "authorizeUrl": authorize_url}
    path = salesforce_access.resource(tenant.namespace, "AuthConnection")
    try:
        call(tenant, "POST", path, document)
    except NotFound as error:
        words = f"the package is not installed (or has another namespace): {error.message}"
        raise NotFound(SYSTEM, error.status, words, error.request_id, error.code) from error


def is_package_installed(tenant: Tenant) -> bool:
    """Return whether the package answers in the tenant's org. Changes nothing."""
    return salesforce_access.is_package_installed(_reader(tenant), tenant.namespace)


def missing_access(tenant: Tenant) -> list[str]:
    """Return what the user of the grant lacks to decide for the org; [] if nothing.

    Each entry completes the sentence "… lacks".
    """
    return salesforce_access.missing(_reader(tenant), tenant.namespace)


def _reader(tenant: Tenant) -> salesforce_access.Org:
    def read(path: str, params: dict[str, str] | None = None, *, reads: bool) -> Answer:
        return call(tenant, "GET", path, params=params, reads=reads)

    return read


def call(
    tenant: Tenant,
    method: str,
    path: str,
    document: dict[str, str] | None = None,
    *,
    params: dict[str, str] | None = None,
    reads: bool = False,
) -> Answer:
    """Call the tenant's org with its grant. An expired session is refreshed once."""

    def once(token: str) -> Answer:
        return _org(tenant).call(
            method, path, params=params, document=document, token=token, reads=reads
        )

    # Tried once with a new session only: a second refusal has another cause than its age.
    token = grants.access_token(tenant.pk)
    try:
        return once(token)
    except Unauthorized:  # the org's policy ends sessions; the token has no readable expiry
        token = grants.refresh(tenant.pk, stale=token)
    try:
        return once(token)
    except Unauthorized as error:  # this is a problem of one org, not of the portal's own token
        words = f"the org refuses even a fresh session: {error.message}"
        raise Permanent(SYSTEM, error.status, words, error.request_id, error.code) from error


def _org(tenant: Tenant) -> Peer:
    instance_url = SalesforceGrant.objects.values_list("instance_url", flat=True).get(tenant=tenant)
    try:
        return SalesforcePeer(SYSTEM, hosts.salesforce(instance_url))
    except hosts.HostNotAllowed as error:
        raise Permanent(SYSTEM, None, f"named an address that is not allowed: {error}") from error
