"""Signatures of webhooks, as in the specification Standard Webhooks (standardwebhooks.com)."""

import base64
import hashlib
import hmac
import secrets

PREFIX = "whsec_"
_BYTES = 32


def new_secret() -> str:
    """Return a new secret: the prefix, and base64 of random bytes."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_BYTES)).decode()


def headers(secret: str, uid: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Return the headers of one attempt. `timestamp` is in seconds since 1970."""
    signed = f"{uid}.{timestamp}.".encode() + body
    key = base64.b64decode(secret.removeprefix(PREFIX))
    digest = hmac.new(key, signed, hashlib.sha256).digest()
    return {
        "Content-Type": "application/json",
        "Webhook-Id": uid,
        "Webhook-Timestamp": str(timestamp),
        "Webhook-Signature": f"v1,{base64.b64encode(digest).decode()}",
    }
