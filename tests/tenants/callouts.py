"""Sending registration callouts, as a package would."""

import json
from typing import Any, cast

from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from tenants import callout_signature
from tests.cast import ACME

SECRET = "test-registration-secret"
# What the 2016 package's string concatenation sends, escaped as it should be.
AS_IN_2016 = (
    '{"org_id":"00DB00000002NDmMAM", "admin_email":"ops@acme.example", '
    '"org_name":"Acme & Söhne \\"West\\""}'
)
BROKEN_AS_IN_2016 = AS_IN_2016.replace("\\", "")


def callout(who: dict[str, str] = ACME, **changes: Any) -> dict[str, Any]:
    """Return a callout of one of the cast, with fields replaced, or left out where None."""
    body: dict[str, Any] = {
        "org_id": who["org_id"],
        "org_name": who["name"],
        "admin_email": who["admin_email"],
        "environment": who["environment"],
        **{name: who[name] for name in ("login_domain", "namespace") if name in who},
        **changes,
    }
    return {name: value for name, value in body.items() if value is not None}


def post(
    body: dict[str, Any] | str | bytes,
    content_type: str = "application/json",
    path: str = "/organizations",
    **environ: Any,
) -> HttpResponse:
    """Post a callout; a dictionary goes as JSON. Headers are named as in WSGI environments."""
    data = json.dumps(body) if isinstance(body, dict) else body
    answer: Any = Client().post(path, data, content_type, **environ)
    return cast(HttpResponse, answer)


def signed(body: dict[str, Any] | str, *, secret: str = SECRET, age: int = 0) -> dict[str, str]:
    """Return the two headers for `body`, as if signed `age` seconds ago."""
    data = json.dumps(body) if isinstance(body, dict) else body
    timestamp = int(timezone.now().timestamp()) - age
    return {
        "HTTP_X_MULTICONNECT_TIMESTAMP": str(timestamp),
        "HTTP_X_MULTICONNECT_SIGNATURE": callout_signature.sign(secret, timestamp, data.encode()),
    }


def post_signed(body: dict[str, Any]) -> HttpResponse:
    """Post a callout with a fresh signature."""
    return post(body, **signed(body))
