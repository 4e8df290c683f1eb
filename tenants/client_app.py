"""What Salesforce's login hosts say of our client app, asked without a person.

No sign-in is begun: the code that is exchanged does not exist, and nobody follows the redirects.
"""

import base64
import hashlib
import secrets
from enum import StrEnum
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse

from tenants.http.errors import Permanent, RemoteError
from tenants.http.peer import Peer
from tenants.salesforce_backend import LIMITS, SYSTEM

_UNKNOWN_CLIENT = {"invalid_client_id", "invalid_client"}


class Seen(StrEnum):
    """What a login host makes of the client app."""

    ACCEPTED = "accepted"
    WRONG_CLIENT = "wrong client"
    WRONG_CALLBACK = "wrong callback"
    WRONG_SCOPES = "wrong scopes"
    REFUSED = "refused"


def callback() -> str:
    """Return the callback URL that the client app has to list."""
    return settings.PORTAL_URL + reverse("salesforce-callback")


def look(login_url: str) -> Seen:
    """Ask a login host for what the client app is. Raises RemoteError if it does not answer."""
    peer = Peer(SYSTEM, login_url, limits=LIMITS)
    if not _knows_client(peer):
        return Seen.WRONG_CLIENT
    scopes = " ".join(settings.SOCIAL_AUTH_SALESFORCE_SCOPE)
    seen = _authorize(peer, {"scope": scopes})
    if seen == Seen.REFUSED and _authorize(peer, {}) == Seen.ACCEPTED:
        return Seen.WRONG_SCOPES
    return seen


def _knows_client(peer: Peer) -> bool:
    """Exchange a code that does not exist: the answer is about the client before the code."""
    form = {
        "grant_type": "authorization_code",
        "code": "none",
        "client_id": settings.SALESFORCE_KEY,
        "client_secret": settings.SALESFORCE_SECRET,
        "redirect_uri": callback(),
        "code_verifier": secrets.token_urlsafe(48),
    }
    try:
        peer.call("POST", "/services/oauth2/token", form=form)
    except Permanent as error:
        return error.code not in _UNKNOWN_CLIENT
    return True


def _authorize(peer: Peer, more: dict[str, str]) -> Seen:
    """Open the first page of a sign-in, as a browser would, and judge where it leads."""
    challenge = hashlib.sha256(secrets.token_bytes(48)).digest()
    params = {
        "response_type": "code",
        "client_id": settings.SALESFORCE_KEY,
        "redirect_uri": callback(),
        "code_challenge": base64.urlsafe_b64encode(challenge).decode().rstrip("="),
        "code_challenge_method": "S256",
        **more,
    }
    try:
        peer.call("GET", "/services/oauth2/authorize", params=params)
    except RemoteError as error:
        return _judge(error)
    return Seen.ACCEPTED


def _judge(error: RemoteError) -> Seen:
    status = error.status or 0
    if status == 200:  # the log-in page, which is no JSON
        return Seen.ACCEPTED
    if 300 <= status < 400:
        # To a log-in page of its own, or back to us with an error.
        is_back = (urlsplit(callback()).hostname or "") in error.message.split()[3]
        return Seen.REFUSED if is_back else Seen.ACCEPTED
    if 400 <= status < 500 and isinstance(error, Permanent):
        return Seen.WRONG_CALLBACK
    raise error
