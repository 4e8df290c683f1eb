"""What the subscriber's browser is shown."""

import html
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
from connect.models import Condition, Health, Stage, WaitingOn
from connect.standing import Facts, Standing, Word
from tenants import callout_fields, links
from tenants.models import GrantStatus, Tenant
from tenants.progress import Button
from tests import cast, standings
from tests.standings import grant

pytestmark = pytest.mark.django_db
BUTTONS = {
    Button.NONE: [],
    Button.SIGN_IN: ["Sign in to Salesforce"],
    Button.AUTHORIZE: ["Authorize Heroku Connect"],
    Button.CONTACT: ["Write to us"],
}


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
    cast.connect(acme, Stage.WAITING_FOR_AUTHORIZATION, waiting_on=WaitingOn.SUBSCRIBER)
    answer = visit(acme)
    assert buttons(answer) == ["Authorize Heroku Connect"]
    signed = re.findall(r'href="http://testserver/connect/([^"]+)"', text(answer))
    assert [links.tenant_for(connect_links.AUTHORIZE, each) for each in signed] == [acme]
    assert "Refresh" not in answer
    assert "Approve Uninstalled Connected Apps" in text(answer)
    assert "Heroku asks for a Heroku login first" in text(answer)


def test_while_staff_look_into_it_there_is_nothing_to_do(acme: Tenant) -> None:
    grant(acme)
    blocked = {"blocked_at": timezone.now(), "blocked_reason": "Secret reason."}
    cast.connect(acme, Stage.LINKING, **blocked)
    answer = visit(acme)
    assert buttons(answer) == []
    assert "Our team knows about it and is working on it" in text(answer)
    assert "Secret reason" not in text(answer)


def test_at_the_end_there_is_nothing_left_to_do(acme: Tenant) -> None:
    grant(acme)
    standings.make(acme, Facts(Stage.LIVE, timezone.now()))
    answer = visit(acme)
    # A page that is left open must not say so for longer than it is true.
    assert (buttons(answer), answer["Refresh"]) == ([], "60")
    assert "You are live" in text(answer)
    assert text(answer).count("is-done") == 4


def test_after_going_live_the_page_says_when_it_was_in_sync_and_who_to_ask(acme: Tenant) -> None:
    grant(acme)
    connection = standings.make(acme, Facts(Stage.LIVE, timezone.now()))
    assert connection is not None
    Health.objects.update(good_at=timezone.now() - timedelta(minutes=4))
    page = text(visit(acme))
    assert re.search(r"Last in sync: <time[^>]+>[^<]+ UTC</time> \(4\xa0minutes ago\)", page)
    assert f"mailto:connect@isv.example?subject={acme.org_id}" in page
    assert re.search(r'href="http://testserver/connect/[^"]+\?again"', page)
    assert "<h1>Acme" in page


def test_while_it_is_broken_the_page_offers_no_second_authorization(acme: Tenant) -> None:
    grant(acme)
    standings.make(acme, Facts(Stage.LIVE, timezone.now(), condition=Condition.BROKEN))
    page = text(visit(acme))
    assert "?again" not in page
    assert "Who to ask" in page


@pytest.mark.parametrize(
    ("facts", "seen"),
    [each for each in standings.EVERY if each[0].stage != Stage.OFFBOARDED],
    ids=[seen.key for facts, seen in standings.EVERY if facts.stage != Stage.OFFBOARDED],
)
def test_live_is_said_only_while_data_is_synchronized(
    acme: Tenant, facts: Facts, seen: Standing
) -> None:
    standings.make(acme, facts)
    standings.sign_in(acme, seen)
    answer = visit(acme)
    page = html.unescape(text(answer))
    assert f"<h2>{seen.subscriber.headline}</h2>" in page
    assert seen.subscriber.text in page
    assert buttons(answer) == BUTTONS[seen.subscriber.button]
    is_live = seen.word in (Word.LIVE, Word.DRIFTED)
    for words in ("You are live", "nothing left to do", "Your records are synchronized"):
        assert (words in page) == is_live
    assert (page.count("is-done") == 4) == is_live
    # What staff read, and what Heroku says, is not for the subscriber.
    assert not seen.reason or seen.reason not in page


def test_a_lost_grant_asks_for_another_sign_in(acme: Tenant) -> None:
    grant(acme, GrantStatus.REFUSED)
    answer = visit(acme)
    assert "Please sign in to Salesforce again" in text(answer)
    assert buttons(answer) == ["Sign in to Salesforce"]


@pytest.mark.parametrize(("stage", "queries"), [(Stage.LINKING, 3), (Stage.LIVE, 5)])
def test_the_page_costs_few_queries(
    acme: Tenant, django_assert_num_queries: DjangoAssertNumQueries, stage: Stage, queries: int
) -> None:
    standings.make(acme, Facts(stage, timezone.now()))
    # The tenant, its grant, its connection; once it is live two for what is known of that.
    with django_assert_num_queries(queries):
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
        ("put", "/auth/salesforce"),
        ("post", "/auth/salesforce/callback"),
        ("head", "/auth/salesforce/callback"),
    ],
)
def test_other_methods_are_refused(client: Client, method: str, path: str) -> None:
    call: Callable[[str], Any] = getattr(client, method)
    assert call(path).status_code == 405


def test_a_restored_tab_of_the_sign_in_leads_to_the_page_that_begins_it(client: Client) -> None:
    answer = client.get("/auth/salesforce")
    assert (answer.status_code, answer["Location"]) == (302, "/authenticate")


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
