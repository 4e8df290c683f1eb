"""The Apex REST resource of the ISV's package in a subscriber's org.

Raises the errors of connect.clients.http, and those of tenants.grants (GrantLost, GrantError)
where the portal's session in the org cannot be renewed.
"""

from connect.clients.http import (
    Answer,
    ErrorBody,
    NotFound,
    Peer,
    Permanent,
    RemoteError,
    Retryable,
    Unauthorized,
    segment,
)
from tenants import grants, hosts
from tenants.models import SalesforceGrant, Tenant

SYSTEM = "Salesforce"


def publish_link(tenant: Tenant, connection_id: str, authorize_url: str) -> None:
    """Give the package in the tenant's org the address where its admin authorizes Heroku Connect.

    Safe to repeat. Raises NotFound if the package does not answer, Permanent if the user may not
    use it; never Unauthorized, because an expired session is refreshed.
    """
    document = {"connectionId": connection_id, "authorizeUrl": authorize_url}
    path = _path(tenant.namespace, "AuthConnection")
    try:
        call(tenant, "POST", path, document)
    except NotFound as error:
        words = f"the package is not installed (or has another namespace): {error.message}"
        raise NotFound(SYSTEM, error.status, words, error.request_id, error.code) from error


def is_package_installed(tenant: Tenant) -> bool:
    """Return whether the package answers in the tenant's org. Changes nothing.

    The resource accepts only POST: 405 means that the package is there, 404 that it is not.
    """
    try:
        call(tenant, "GET", _path(tenant.namespace, "AuthConnection"))
    except NotFound:
        return False
    except Permanent as error:
        # Any other refusal says nothing about the package.
        if error.status != 405:
            raise
    return True


def _path(namespace: str, resource: str) -> str:
    return "/services/apexrest/" + "/".join(segment(part) for part in (namespace, resource) if part)


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
        return _Salesforce(SYSTEM, hosts.salesforce(instance_url))
    except hosts.HostNotAllowed as error:
        raise Permanent(SYSTEM, None, f"named an address that is not allowed: {error}") from error


class _Salesforce(Peer):
    def error_class(self, status: int, body: ErrorBody, *, safe: bool) -> type[RemoteError]:
        # Salesforce answers 403 for the org's daily limit, which passes by itself.
        if status == 403 and body.code == "REQUEST_LIMIT_EXCEEDED":
            return Retryable
        return super().error_class(status, body, safe=safe)
