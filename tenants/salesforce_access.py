"""What a user may do in their org: asked before their sign-in changes anything.

It is asked again before anything that costs money is made.
"""

from collections.abc import Sequence
from typing import Protocol

from tenants.http.answers import Answer
from tenants.http.errors import ErrorBody, NotFound, Permanent, RemoteError, Retryable
from tenants.http.limits import Limits
from tenants.http.peer import Peer, segment

SYSTEM = "Salesforce"
# Two calls of a sign-in come before these four at the most, and Heroku's router gives up after
# 30 s.
_LIMITS = Limits(connect=3, read=3, total=3, body=1024 * 1024, retries=0)
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


class SalesforcePeer(Peer):
    """The APIs of one org."""

    def error_class(self, status: int, body: ErrorBody, *, safe: bool) -> type[RemoteError]:
        # Salesforce answers 403 for the org's daily limit, which passes by itself.
        if status == 403 and body.code == "REQUEST_LIMIT_EXCEEDED":
            return Retryable
        return super().error_class(status, body, safe=safe)


class Org(Protocol):
    """Reads from an org as one user."""

    def __call__(self, path: str, params: dict[str, str] | None = None, *, reads: bool) -> Answer:
        """Return the answer to a GET. Raises RemoteError."""


def org_of(instance_url: str, token: str) -> Org:
    """Return the org of a session that has just begun."""
    peer = SalesforcePeer(SYSTEM, instance_url, token, limits=_LIMITS)

    def read(path: str, params: dict[str, str] | None = None, *, reads: bool) -> Answer:
        return peer.call("GET", path, params=params, reads=reads)

    return read


def missing(org: Org, namespace: str) -> list[str]:
    """Return what the user lacks to decide for the org; [] if nothing.

    Each entry completes the sentence "… lacks". Raises RemoteError.
    """
    try:
        return [*_missing_package(org, namespace), *_missing_permissions(org)]
    except Permanent as error:
        # Without the API nothing else can be asked.
        if error.status == 403 and error.code in _NO_API:
            return [PERMISSIONS["PermissionsApiEnabled"]]
        raise


def find_namespace(org: Org, namespaces: Sequence[str]) -> str:
    """Return the first namespace in which the package answers, else the first. Raises RemoteError.

    One alone is not asked about.
    """
    first, *others = namespaces
    return next((each for each in namespaces if others and _answers(org, each)), first)


def _answers(org: Org, namespace: str) -> bool:
    try:
        return is_package_installed(org, namespace)
    except Permanent:
        return True  # it refuses this user, and `missing` says why


def is_package_installed(org: Org, namespace: str) -> bool:
    """Return whether the package answers in the org. Changes nothing.

    The resource accepts only POST: 405 means that the package is there, 404 that it is not.
    """
    try:
        org(resource(namespace, "AuthConnection"), reads=False)
    except NotFound:
        return False
    except Permanent as error:
        # Any other refusal says nothing about the package.
        if error.status != 405:
            raise
    return True


def resource(namespace: str, name: str) -> str:
    """Return the path of an Apex REST resource of the package."""
    return "/services/apexrest/" + "/".join(segment(part) for part in (namespace, name) if part)


def _missing_package(org: Org, namespace: str) -> list[str]:
    try:
        installed = is_package_installed(org, namespace)
    except Permanent as error:
        if error.status != 403 or error.code in _NO_API:
            raise
        return ["access to the package (permission set “Multiconnect Administrator”)"]
    if installed:
        return []
    named = f"the namespace {namespace}" if namespace else "no namespace"
    return [f"the package: it is not installed in the org with {named}"]


def _missing_permissions(org: Org) -> list[str]:
    answer = org(f"/services/data/{API_VERSION}/query", {"q": QUERY}, reads=True)
    rows = answer.document().objects("records")
    granted = rows[0].raw if rows else {}
    return [name for field, name in PERMISSIONS.items() if granted.get(field) is not True]
