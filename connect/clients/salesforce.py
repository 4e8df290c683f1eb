"""The Apex REST resource of the ISV's package in a subscriber's org.

Raises the errors of connect.clients.http, and tenants.consent.GrantLost where the org no longer
lets the portal in.
"""

from connect.clients.http import (
    Answer,
    NotFound,
    Peer,
    Permanent,
    RemoteError,
    Retryable,
    Unauthorized,
    Words,
    segment,
)
from tenants import consent, hosts
from tenants.models import SalesforceGrant, Tenant

SYSTEM = "Salesforce"


def publish_link(tenant: Tenant, connection_id: str, authorize_url: str) -> None:
    """Give the package in the tenant's org the address where its admin authorizes Heroku Connect.

    Repeating it overwrites. Raises NotFound where the package does not answer, Permanent where the
    signed-in user may not use it.
    """
    document = {"connectionId": connection_id, "authorizeUrl": authorize_url}
    path = _path(tenant.namespace, "AuthConnection")
    try:
        _post(tenant, path, document)
    except NotFound as error:
        words = f"the package is not installed (or has another namespace): {error.message}"
        raise NotFound(SYSTEM, error.status, words, error.request_id, error.code) from error


def _path(namespace: str, resource: str) -> str:
    return "/services/apexrest/" + "/".join(segment(part) for part in (namespace, resource) if part)


def _post(tenant: Tenant, path: str, document: dict[str, str]) -> Answer:
    token = consent.access_token(tenant.pk)
    try:
        return _org(tenant).call("POST", path, document=document, token=token, reads=False)
    except Unauthorized:  # sessions end by the org's own policy: there is no expiry to look at
        token = consent.refresh(tenant.pk, stale=token)
    return _org(tenant).call("POST", path, document=document, token=token, reads=False)


def _org(tenant: Tenant) -> Peer:
    instance_url = SalesforceGrant.objects.values_list("instance_url", flat=True).get(tenant=tenant)
    try:
        return _Salesforce(SYSTEM, hosts.salesforce(instance_url))
    except hosts.ForeignHost as error:
        raise Permanent(SYSTEM, None, f"named a foreign address: {error}") from error


class _Salesforce(Peer):
    def kind_of(self, status: int, words: Words, *, safe: bool) -> type[RemoteError]:
        if status == 403 and words.code == "REQUEST_LIMIT_EXCEEDED":
            return Retryable
        return super().kind_of(status, words, safe=safe)
