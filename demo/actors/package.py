"""The Salesforce package: it sends the callout."""

import hashlib
import hmac
import json
import time

import requests

from demo.cast import Org


def send_callout(
    portal_url: str, org: Org, secret: str | None, ago: float = 0
) -> requests.Response:
    """Register an org as its package does; signed where the package knows the secret.

    `ago` is how many seconds the portal's clock is behind.
    """
    body = json.dumps(org.callout(), ensure_ascii=False).encode()
    headers = {"Content-Type": "application/json"}
    if secret:
        moment = str(int(time.time() - ago))
        # The time is signed too, so that a callout cannot be sent again later.
        digest = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256)
        headers["X-Multiconnect-Timestamp"] = moment
        headers["X-Multiconnect-Signature"] = f"v1={digest.hexdigest()}"
    session = requests.Session()
    session.trust_env = False
    url = f"{portal_url}/organizations"
    return session.post(url, data=body, headers=headers, timeout=30)
