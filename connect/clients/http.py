"""The one way in which the portal calls another system, as the clients of this floor use it.

It is built in tenants/http, because the subscriber's sign-in calls Salesforce with it too.
"""

from tenants.http.answers import Answer
from tenants.http.context import current_stage, current_tenant, working_for
from tenants.http.errors import (
    ConfirmationRequired,
    Conflict,
    ErrorBody,
    NotFound,
    Permanent,
    RemoteError,
    Retryable,
    Taken,
    Unauthorized,
    Uncertain,
)
from tenants.http.limits import Limits
from tenants.http.peer import Peer, segment

__all__ = [
    "Answer",
    "ConfirmationRequired",
    "Conflict",
    "ErrorBody",
    "Limits",
    "NotFound",
    "Peer",
    "Permanent",
    "RemoteError",
    "Retryable",
    "Taken",
    "Unauthorized",
    "Uncertain",
    "current_stage",
    "current_tenant",
    "segment",
    "working_for",
]
