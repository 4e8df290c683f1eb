"""What the subscriber's browser is shown."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries, Settings

import emulator as emulated
from connect import links as connect_links
from tenants import callout_fields, links, timeline
from tenants.models import EventKind, GrantStatus, Tenant
from tests import cast
from tests.tenants.test_progress import grant

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Tenant:
    return cast.enrol(cast.ACME, at=timezone.now() - timedelta(minutes=1))


def visit(tenant: Tenant) -> Any:
    answer = Client().get(f"/authenticate/{links.signed_part(links.SIGN_IN, tenant)}")
    assert answer.status_code == 200
    return answer


def text(answer: Any) -> str:
    return str(answer.content.decode())


def buttons(answer: Any) -> list[str]:
    return re.findall(r'class="button[^"]*"[^>]*>([^<]+)<', text(answer))


def test_the_page_says_who_asks_for_which_org_and_what_for(
    acme: Tenant, settings: Settings
) -> None:
    settings.PRODUCT_NAME = "Northwind Social"
    page = text(visit(acme))
    for expected in (
        "Northwind Social would like to synchronize",
        "Acme &amp; Söhne &quot;West&quot;",
        acme.org_id,
        "Production",
        "acme.my.salesforce.com",
        "API Enabled",
        "View All Data",
        "mailto:connect@isv.example",
    ):
        assert expected in page
    assert page.count('<li class="step') == 4


def test_an_org_name_is_text_and_never_markup(acme: Tenant) -> None:
    acme.name = "<script>alert(1)</script>"
    acme.save()
    assert "<script" not in text(visit(acme))


def test_first_the_subscriber_signs_in_to_salesforce(acme: Tenant) -> None:
    answer = visit(acme)
    assert buttons(answer) == ["Sign in to Salesforce"]
    assert 'action="/auth/salesforce"' in text(answer)
    assert "csrfmiddlewaretoken" in text(answer)
    assert "Refresh" not in answer


def test_then_the_page_refreshes_automatically_while_the_portal_works(acme: Tenant) -> None:
    grant(acme)
    answer = visit(acme)
    assert buttons(answer) == []
    assert answer["Refresh"] == "5"
    assert "ops@acme.example confirmed that this is your org" in text(answer)


def test_then_the_subscriber_authorizes_heroku_connect(acme: Tenant) -> None:
    grant(acme)
    timeline.note(acme, EventKind.STAGE, "…", stage="waiting_for_authorization")
    answer = visit(acme)
    assert buttons(answer) == ["Authorize Heroku Connect"]
    assert (
        f'href="http://testserver/connect/{links.signed_part(connect_links.AUTHORIZE, acme)}"'
        in text(answer)
    )
    assert "Refresh" not in answer


def test_while_staff_look_into_it_there_is_nothing_to_do(acme: Tenant) -> None:
    grant(acme)
    timeline.note(acme, EventKind.BLOCKED, "Secret reason.", stage="linking")
    answer = visit(acme)
    assert buttons(answer) == []
    assert "We are looking into it" in text(answer)
    assert "Secret reason" not in text(answer)


def test_at_the_end_there_is_nothing_left_to_do(acme: Tenant) -> None:
    grant(acme)
    timeline.note(acme, EventKind.AUTHORIZED, "…", stage="importing_mappings")
    timeline.note(acme, EventKind.LIVE, "…", stage="live")
    answer = visit(acme)
    assert (buttons(answer), "Refresh" in answer) == ([], False)
    assert "You are live" in text(answer)
    assert text(answer).count("is-done") == 4


def test_a_lost_grant_asks_for_another_sign_in(acme: Tenant) -> None:
    grant(acme, GrantStatus.REFUSED)
    answer = visit(acme)
    assert "sign in to Salesforce again" in text(answer)
    assert buttons(answer) == ["Sign in to Salesforce"]


def test_the_page_costs_three_queries(
    acme: Tenant, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(3):  # the tenant, its grant, its timeline
        visit(acme)


@pytest.mark.parametrize("path", ["/authenticate", "/authenticate/"])
def test_the_plain_page_offers_production_and_sandbox(client: Client, path: str) -> None:
    answer = client.get(path)
    assert buttons(answer) == ["Sign in to a production org", "Sign in to a sandbox"]


def test_no_page_needs_inline_style_or_script_or_a_cache(acme: Tenant) -> None:
    for answer in (visit(acme), Client().get("/authenticate"), Client().get("/authenticate/x")):
        assert "default-src 'self'" in answer["Content-Security-Policy"]
        assert not re.search(r"<style|<script|\sstyle=|\son\w+=|javascript:", text(answer))
        assert answer["Cache-Control"] == "no-store"
        assert answer["X-Robots-Tag"] == "noindex"
        assert answer["Referrer-Policy"] == "same-origin"  # a link must not leak in a referrer


@pytest.mark.parametrize("asset", ["subscriber.css", "mark.svg"])
def test_what_the_pages_refer_to_is_served(client: Client, asset: str) -> None:
    answer = client.get(f"/static/tenants/{asset}")
    assert answer.status_code == 200
    answer.close()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("post", "/authenticate"),
        ("post", "/authenticate/x"),
        ("get", "/auth/salesforce"),
        ("put", "/auth/salesforce"),
        ("post", "/auth/salesforce/callback"),
        ("head", "/auth/salesforce/callback"),
    ],
)
def test_other_methods_are_refused(client: Client, method: str, path: str) -> None:
    call: Callable[[str], Any] = getattr(client, method)
    assert call(path).status_code == 405


def test_a_form_without_its_token_gets_a_page_of_ours(acme: Tenant) -> None:
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post("/auth/salesforce", {"link": links.signed_part(links.SIGN_IN, acme)})
    assert answer.status_code == 403
    assert "This form could not be sent" in text(answer)


def test_a_member_of_staff_sees_what_the_subscriber_sees(acme: Tenant, client: Client) -> None:
    client.force_login(User.objects.create_superuser("ada"))
    answer = client.get(f"/authenticate/{links.signed_part(links.SIGN_IN, acme)}")
    assert answer.status_code == 200


def form_action(answer: Any) -> list[str]:
    directives = dict(
        part.strip().partition(" ")[::2] for part in answer["Content-Security-Policy"].split(";")
    )
    return str(directives["form-action"]).split()


def test_a_subscribers_form_may_lead_to_salesforce_and_heroku_connect_and_nowhere_else(
    client: Client,
) -> None:
    assert form_action(client.get("/authenticate")) == [
        "'self'",
        "https://*.salesforce.com",
        "https://*.heroku.com",
        "https://login.salesforce.com",
        "https://test.salesforce.com",
        "https://hc-central.heroku.com",
    ]
    assert form_action(client.get("/admin/login/")) == ["'self'"]
    assert form_action(client.get("/healthz")) == ["'self'"]


def test_the_address_that_a_form_leads_to_is_in_its_policy(
    client: Client, emulator: emulated.Running
) -> None:
    allowed = form_action(client.get("/authenticate"))
    begun = client.post("/auth/salesforce", {"environment": "production"})
    parts = urlsplit(begun["Location"])
    assert f"{parts.scheme}://{parts.netloc}" in allowed


@pytest.mark.parametrize("name", ["שלום בע״מ", "شركة", "Acme‎", "株式会社", "🚀", "Å"])
def test_names_of_any_script_are_taken(name: str) -> None:
    assert callout_fields.CHECKS["org_name"](name) == name
