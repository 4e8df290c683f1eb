"""What is shown when something fails."""

import json

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import InternalError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import include, path
from psycopg.errors import IdleInTransactionSessionTimeout
from pytest_django.asserts import assertContains, assertNotContains
from pytest_django.fixtures import Settings

from portal.project import failures
from portal.urls import handler400, handler403, handler404, handler500  # noqa: F401

TROUBLES = {
    "400": SuspiciousOperation("a secret detail"),
    "403": PermissionDenied("a secret detail"),
    "500": RuntimeError("a secret detail"),
    "503": OperationalError("a secret detail"),
}


def fall(request: HttpRequest, status: str) -> HttpResponse:
    raise TROUBLES[status]


urlpatterns = [
    path("admin/fall/<str:status>", fall),
    path("organizations/fall/<str:status>", fall),
    path("", include("portal.urls")),
]


@pytest.fixture
def client(settings: Settings) -> Client:
    settings.ROOT_URLCONF = __name__
    return Client(raise_request_exception=False, headers={"X-Request-ID": "quote-me-12345"})


@pytest.mark.parametrize("status", TROUBLES)
def test_each_failure_has_its_message_and_the_reference_and_no_detail(
    client: Client, status: str
) -> None:
    answer = client.get(f"/admin/fall/{status}")
    assert answer.status_code == int(status)
    assertContains(answer, 'value="quote-me-12345"', status_code=int(status))
    assertContains(answer, "To the dashboard", status_code=int(status))
    assertNotContains(answer, "secret detail", status_code=int(status))
    assert answer["X-Request-ID"] == "quote-me-12345"


def test_a_wrong_address_has_the_look_too_without_a_way_to_the_staffs_pages(client: Client) -> None:
    answer = client.get("/no/such/page")
    assertContains(answer, "Page not found", status_code=404)
    assertContains(answer, "portal/admin.css", status_code=404)
    assert b"To the dashboard" not in answer.content


@pytest.mark.parametrize("status", TROUBLES)
def test_a_machine_is_answered_in_json(client: Client, status: str) -> None:
    answer = client.get(f"/organizations/fall/{status}")
    document = json.loads(answer.content)
    assert (answer.status_code, document["status"]) == (int(status), int(status))
    assert document["reference"] == "quote-me-12345"
    assert "secret detail" not in document["message"]


def test_a_database_that_is_away_is_said_to_come_back(client: Client) -> None:
    answer = client.get("/admin/fall/503")
    assertContains(answer, "cannot reach its database", status_code=503)
    assert int(answer["Retry-After"]) > 0


def test_a_transaction_that_the_server_has_ended_is_a_database_that_is_away(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = InternalError("terminating connection due to idle-in-transaction timeout")
    ended.__cause__ = IdleInTransactionSessionTimeout()
    monkeypatch.setitem(TROUBLES, "503", ended)
    answer = client.get("/admin/fall/503")
    assertContains(answer, "cannot reach its database", status_code=503)


@pytest.mark.parametrize(
    ("path", "status"), [("/admin/", 503), ("/organizations", 503), ("/healthz", 200)]
)
def test_maintenance_answers_everything_but_the_probes(
    client: Client, settings: Settings, path: str, status: int
) -> None:
    settings.MAINTENANCE = "Until 14:00 UTC: the database moves."
    answer = client.post(path) if path == "/organizations" else client.get(path)
    assert answer.status_code == status
    if path == "/admin/":
        assertContains(answer, "Until 14:00 UTC: the database moves.", status_code=503)
    if status == 503:
        assert int(answer["Retry-After"]) == failures.RETRY_AFTER


@pytest.mark.django_db
def test_a_form_of_staff_without_its_token_gets_a_page_of_the_admin() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create_superuser("root"))
    answer = client.post("/admin/tenants/switch/provisioning/turn/", {"to": "off", "why": "x"})
    assertContains(answer, "This page has expired", status_code=403)
