"""The shared-secret signature of a registration callout.

The sender computes HMAC-SHA256 over `<timestamp>.<raw body>` with a key of REGISTRATION_SECRETS,
and sends the unix time as X-Multiconnect-Timestamp and `v1=<hex>` as X-Multiconnect-Signature.
Vectors for senders in other languages: tests/tenants/signature_vectors.json.
"""

import hashlib
import hmac
import re
from datetime import datetime, timedelta

from django.conf import settings

from tenants.models import UsedSignature

TIMESTAMP_HEADER = "X-Multiconnect-Timestamp"
SIGNATURE_HEADER = "X-Multiconnect-Signature"
MAX_AGE = timedelta(seconds=300)
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_SIGNATURE = re.compile(r"v1=([0-9a-f]{64})")


class InvalidSignature(Exception):
    """The signature is missing, wrong, too old or already used. The text tells the sender what to
    do.
    """


def sign(secret: str, timestamp: int, body: bytes) -> str:
    """Return X-Multiconnect-Signature for a body that is sent at `timestamp` (unix seconds)."""
    return f"v1={_digest(secret, str(timestamp), body)}"


def verify(timestamp: str, signature: str, body: bytes, now: datetime) -> str | None:
    """Return the digest of a valid signature, or None if none was sent and none is required.

    `timestamp` and `signature` are the headers as they came, "" for an absent one. Raises
    InvalidSignature. The caller must then `mark_used` the digest.
    """
    if not timestamp and not signature:
        if settings.REGISTRATION_SIGNATURE_REQUIRED:
            raise InvalidSignature(
                f"A signature is required: send {TIMESTAMP_HEADER} and {SIGNATURE_HEADER}."
            )
        return None
    # First the signature: until it is proven, the timestamp means nothing.
    digest = _matching_digest(timestamp, signature, body)
    # abs(), because the sender's clock may be ahead as well as behind.
    age = abs(now.timestamp() - int(timestamp))
    if age > MAX_AGE.total_seconds():
        raise InvalidSignature(
            f"The timestamp is {age:.0f} s away from the portal's clock and may be "
            f"{MAX_AGE.total_seconds():.0f}: check the sender's clock, and create a new "
            "signature for each attempt."
        )
    return digest


def is_used(digest: str) -> bool:
    """Whether a signature was already used."""
    return UsedSignature.objects.filter(digest=digest).exists()


def mark_used(digest: str) -> None:
    """Store a signature as used. Raises IntegrityError if it was used a moment ago."""
    # The digest is the primary key: of two equal callouts at once, one is refused.
    UsedSignature.objects.create(digest=digest)


def _matching_digest(timestamp: str, signature: str, body: bytes) -> str:
    if not timestamp or not signature:
        missing = SIGNATURE_HEADER if timestamp else TIMESTAMP_HEADER
        raise InvalidSignature(f"{missing} is missing: send both headers of a signature, or none.")
    given = _SIGNATURE.fullmatch(signature)
    if not _TIMESTAMP.fullmatch(timestamp) or not given:
        raise InvalidSignature(
            f"The signature is not readable: {TIMESTAMP_HEADER} is a unix time in seconds, "
            f"{SIGNATURE_HEADER} is v1= and 64 lower-case hexadecimal digits."
        )
    # Several secrets, so that one can be replaced without an outage.
    for secret in settings.REGISTRATION_SECRETS:
        # Takes the same time for any wrong signature, so it cannot be guessed step by step.
        if hmac.compare_digest(_digest(secret, timestamp, body), given[1]):
            return given[1]
    raise InvalidSignature(
        "The signature does not fit: sign the timestamp, a full stop and the exact bytes of the "
        "body with HMAC-SHA256 and the secret that this portal's operator gave you."
    )


def _digest(secret: str, timestamp: str, body: bytes) -> str:
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
