"""Tokens of the read API: random, stored as a digest, with an end."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.utils import timezone

from portal.integrations.models import ApiToken

PREFIX = "mct_"
_BYTES = 32
_SHOWN = 8  # characters by which staff tell tokens apart
NOTED_EVERY = timedelta(minutes=1)  # the time of the last use


def fill(token: ApiToken) -> str:
    """Make a token's secret and store its digest in the row, unsaved; return the secret."""
    secret = PREFIX + secrets.token_urlsafe(_BYTES)
    token.digest, token.begins = digest(secret), secret[:_SHOWN]
    return secret


def digest(secret: str) -> str:
    """Return what is stored of a secret. It is random, so one round of a hash is enough."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def find(secret: str, now: datetime) -> ApiToken | None:
    """Return the token with this secret that is still valid. One query."""
    valid = ApiToken.objects.filter(revoked_at=None, expires_at__gt=now)
    return valid.filter(digest=digest(secret)).first()


def note_use(token: ApiToken, now: datetime) -> None:
    """Note that a token was used, at most once a minute."""
    if token.last_used_at is None or token.last_used_at < now - NOTED_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)


def revoke(token: ApiToken) -> bool:
    """Revoke a token at once; return False if it was revoked before."""
    valid = ApiToken.objects.filter(pk=token.pk, revoked_at=None)
    return bool(valid.update(revoked_at=timezone.now()))
