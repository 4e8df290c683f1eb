"""The Apex REST resource of the ISV's package in a subscriber's org.

Raises the errors of connect.clients.http, and those of tenants.consent (GrantLost, GrantError)
where the portal's session in the org cannot be renewed.
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
from tenants import grants, hosts
from tenants.models import SalesforceGrant, Tenant

SYSTEM = "Salesforce"


def publish_link(tenant: Tenant, connection_id: str, authorize_url: str) -> None:
    """Give the package in the tenant's org the address where its admin authorizes Heroku Connect.

    Repeating it overwrites. Raises NotFound where the package does not answer, Permanent where the
    org does not let the signed-in user use it, never Unauthorized: a stale session is renewed.
    """
    document = {"connectionId": connection_id, "authorizeUrl": authorize_url}
    path = _path(tenant.namespace, "AuthConnection")
    try:
        _call(tenant, "POST", path, document)
    except NotFound as error:
        words = f"the package is not installed (or has another namespace): {error.message}"
        raise NotFound(SYSTEM, error.status, words, error.request_id, error.code) from error


def package_is_there(tenant: Tenant) -> bool:
    """Tell whether the package's resource answers in the tenant's org; nothing is changed by it.

    The resource takes POST alone, so a 405 comes from the package, and a 404 from an org without.
    """
    try:
        _call(tenant, "GET", _path(tenant.namespace, "AuthConnection"))
    except NotFound:
        return False
    except Permanent as error:
        if error.status != 405:
            raise
    return True


def _path(namespace: str, resource: str) -> str:
    return "/services/apexrest/" + "/".join(segment(part) for part in (namespace, resource) if part)


def _call(tenant: Tenant, method: str, path: str, document: dict[str, str] | None = None) -> Answer:
    token = grants.access_token(tenant.pk)
    try:
        return _org(tenant).call(method, path, document=document, token=token, reads=False)
    except Unauthorized:  # sessions end by the org's own policy: there is no expiry to look at
        token = grants.refresh(tenant.pk, stale=token)
    try:
        return _org(tenant).call(method, path, document=document, token=token, reads=False)
    except Unauthorized as error:  # not the portal's own token: this one org has to be looked at
        words = f"the org refuses even a fresh session: {error.message}"
        raise Permanent(SYSTEM, error.status, words, error.request_id, error.code) from error


def _org(tenant: Tenant) -> Peer:
    instance_url = SalesforceGrant.objects.values_list("instance_url", flat=True).get(tenant=tenant)
    try:
        return _Salesforce(SYSTEM, hosts.salesforce(instance_url))
    except hosts.HostNotAllowed as error:
        raise Permanent(SYSTEM, None, f"named a foreign address: {error}") from error


class _Salesforce(Peer):
    def kind_of(self, status: int, words: Words, *, safe: bool) -> type[RemoteError]:
        if status == 403 and words.code == "REQUEST_LIMIT_EXCEEDED":
            return Retryable
        return super().kind_of(status, words, safe=safe)
