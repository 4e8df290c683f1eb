"""Addresses that do what a registration is compared with: nothing, and a bare insert.

They are served by the same gunicorn, through the same middleware.
"""

import hmac
import json
import os

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from portal.urls import handler400, handler403, handler404, handler429, handler500
from portal.urls import urlpatterns as of_the_portal

__all__ = ["handler400", "handler403", "handler404", "handler429", "handler500", "urlpatterns"]
SECRET = os.environ["REGISTRATION_SECRETS"].encode()
NOTHING, INSERT = "/bench/nothing", "/bench/insert"
TABLES = """
CREATE TABLE bench_registration (
    id serial PRIMARY KEY, org_id text UNIQUE, name text, email text, at timestamptz DEFAULT now()
);
CREATE TABLE bench_outbox (id serial PRIMARY KEY, registration int, at timestamptz DEFAULT now());
"""


@csrf_exempt
def nothing(request: HttpRequest) -> HttpResponse:
    """Answer without any work."""
    return HttpResponse("{}", content_type="application/json")


@csrf_exempt
def insert(request: HttpRequest) -> HttpResponse:
    """Store a signed callout and what has to be done for it in one transaction.

    The signature is verified and the JSON is parsed, as anybody would. Nothing else is checked.
    """
    signed = request.headers["X-Multiconnect-Timestamp"].encode() + b"." + request.body
    digest = hmac.new(SECRET, signed, "sha256").hexdigest()
    if not hmac.compare_digest(f"v1={digest}", request.headers["X-Multiconnect-Signature"]):
        return HttpResponse(status=401)
    org = json.loads(request.body)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO bench_registration (org_id, name, email) VALUES (%s, %s, %s) RETURNING id",
            [org["org_id"], org["org_name"], org["admin_email"]],
        )
        cursor.execute("INSERT INTO bench_outbox (registration) VALUES (%s)", cursor.fetchone())
    return HttpResponse("{}", content_type="application/json")


urlpatterns = [*of_the_portal, path(NOTHING[1:], nothing), path(INSERT[1:], insert)]
