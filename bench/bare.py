"""Addresses that do what a registration is compared with: nothing, and a bare insert.

They are served by the same gunicorn, through the same middleware.
"""

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from portal.urls import handler400, handler403, handler404, handler429, handler500
from portal.urls import urlpatterns as of_the_portal

__all__ = ["handler400", "handler403", "handler404", "handler429", "handler500", "urlpatterns"]
NOTHING, INSERT = "/bench/nothing", "/bench/insert"
TABLES = """
CREATE TABLE bench_registration (id serial PRIMARY KEY, body bytea, at timestamptz DEFAULT now());
CREATE TABLE bench_outbox (id serial PRIMARY KEY, registration int, at timestamptz DEFAULT now());
"""


@csrf_exempt
def nothing(request: HttpRequest) -> HttpResponse:
    """Answer without any work."""
    return HttpResponse("{}", content_type="application/json")


@csrf_exempt
def insert(request: HttpRequest) -> HttpResponse:
    """Store a callout and what has to be done for it in one transaction, without any check."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO bench_registration (body) VALUES (%s) RETURNING id", [request.body]
        )
        cursor.execute("INSERT INTO bench_outbox (registration) VALUES (%s)", cursor.fetchone())
    return HttpResponse("{}", content_type="application/json")


urlpatterns = [*of_the_portal, path(NOTHING[1:], nothing), path(INSERT[1:], insert)]
