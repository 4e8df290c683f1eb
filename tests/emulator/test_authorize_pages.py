"""The pages behind authorize_url, used like a browser without JavaScript."""

import re

import pytest
import requests

from tests.emulator.client import BOREALIS, Emulated, user_of

CIRRUS = "00Dxx0000001gPLEAY"
PARTNER = {"Accept": "application/vnd.heroku+json; version=3.partner"}


def page_of(answer: requests.Response) -> str:
    """The page's name in `data-page`."""
    found = re.search(r'data-page="([^"]+)"', answer.text)
    return found[1] if found else ""


def orgs_on(answer: requests.Response) -> set[str]:
    """The orgs that have users on the page."""
    return set(re.findall(r'data-org="([^"]+)"', answer.text))


def test_the_pages_go_from_heroku_and_salesforce_to_next(emulated: Emulated) -> None:
    org = emulated.org()
    url = emulated.configured()
    emulated.get(url)
    page = emulated.login_page(url)
    assert page_of(emulated.get(page)) == "heroku-login"
    early = emulated.post(page, data={"user": user_of(org), "decision": "allow"})
    assert (early.status_code, emulated.get(url).json()["state"]) == (303, "NEED_AUTHENTICATION")
    form = {"step": "login", "email": "ops@isv.example", "password": "x"}
    assert emulated.post(page, data=form).headers["Location"] in page
    assert page_of(emulated.get(page)) == "choose-user"
    assert page_of(emulated.post(page, data={"user": user_of(org)})) == "consent"
    done = emulated.post(page, data={"user": user_of(org), "decision": "allow"})
    assert (done.status_code, done.headers["Location"]) == (303, "http://portal.example/")
    assert emulated.get(url).json()["state"] == "IDLE"


def test_a_denial_leads_to_next_and_authorizes_nothing(emulated: Emulated) -> None:
    org = emulated.org()
    url = emulated.configured()
    emulated.get(url)
    assert emulated.authorize(url, org, "deny") == "http://portal.example/"
    detail = emulated.get(url).json()
    assert (detail["state"], detail["organization_id"]) == ("NEED_AUTHENTICATION", None)


def test_an_enrolled_addon_has_a_branded_page_and_no_heroku_login(emulated: Emulated) -> None:
    url = emulated.configured()
    emulated.get(url)
    enroll = "/heroku/partner/connect/multiconnect/addon/hc-acme/enroll"
    emulated.post(enroll, json={}, headers=PARTNER)
    page = emulated.login_page(url)
    shown = emulated.get(page)
    assert page_of(shown) == "branded"
    assert "multiconnect" in shown.text
    emulated.post(page, data={"step": "continue"})
    assert page_of(emulated.get(page)) == "choose-user"


@pytest.mark.parametrize(
    ("wish", "offered"),
    [
        ({}, {"00DB00000002NDmMAM", CIRRUS}),
        ({"environment": "sandbox"}, {BOREALIS}),
        ({"environment": "custom", "domain": "https://cirrus.my.salesforce.com/"}, {CIRRUS}),
        ({"environment": "custom", "domain": "nobody.my.salesforce.com"}, set()),
    ],
)
def test_the_host_decides_which_users_can_log_in(
    emulated: Emulated, wish: dict[str, str], offered: set[str]
) -> None:
    emulated.org()
    emulated.org(BOREALIS, environment="sandbox")
    emulated.org(CIRRUS, my_domain="cirrus.my.salesforce.com")
    url = emulated.configured()
    emulated.get(url)
    page = emulated.login_page(url, **wish)
    emulated.post(page, data={"step": "login"})
    assert orgs_on(emulated.get(page)) == offered


def test_a_user_of_another_host_cannot_log_in(emulated: Emulated) -> None:
    sandbox = emulated.org(BOREALIS, environment="sandbox")
    url = emulated.configured()
    emulated.get(url)
    page = emulated.login_page(url)
    emulated.post(page, data={"step": "login"})
    emulated.post(page, data={"user": user_of(sandbox), "decision": "allow"})
    assert emulated.get(url).json()["state"] == "NEED_AUTHENTICATION"


def test_a_user_of_the_wrong_org_can_authorize_a_fresh_connection(emulated: Emulated) -> None:
    emulated.org()
    wrong = emulated.org(CIRRUS)
    url = emulated.configured()
    emulated.get(url)
    emulated.authorize(url, wrong)
    assert emulated.get(url).json()["organization_id"] == CIRRUS


def test_heroku_connects_own_app_needs_a_permission_where_it_is_not_installed(
    emulated: Emulated,
) -> None:
    org = emulated.org()
    path = f"orgs/{org['id']}"
    user = org["users"][0]["id"]
    emulated.call("PATCH", f"/control/{path}/users/{user}", json={"approve_uninstalled": False})
    url = emulated.configured()
    emulated.get(url)
    page = emulated.login_page(url)
    emulated.post(page, data={"step": "login"})
    form = {"user": user_of(org), "decision": "allow"}
    refused = emulated.post(page, data=form)
    assert (refused.status_code, page_of(refused)) == (400, "oauth-error")
    assert "app must be installed into org" in refused.text
    assert emulated.get(url).json()["organization_id"] is None
    emulated.control(f"{path}/connect-app")
    emulated.post(page, data=form)
    assert emulated.get(url).json()["organization_id"] == org["id"]


def test_a_connection_never_changes_its_org(emulated: Emulated) -> None:
    org, other = emulated.org(), emulated.org(CIRRUS)
    url = emulated.authorized(org)
    page = emulated.login_page(url)
    emulated.post(page, data={"step": "login"})
    refused = emulated.post(page, data={"user": user_of(other), "decision": "allow"})
    assert (refused.status_code, page_of(refused)) == (409, "wrong-org")
    assert emulated.get(url).json()["organization_id"] == org["id"]


def test_a_link_works_once_and_for_a_short_time(emulated: Emulated) -> None:
    org = emulated.org()
    url = emulated.configured()
    emulated.get(url)
    late = emulated.login_page(url)
    emulated.advance(601)
    expired = emulated.get(late)
    assert (expired.status_code, page_of(expired)) == (410, "link-expired")
    page = emulated.login_page(url)
    emulated.post(page, data={"step": "login"})
    form = {"user": user_of(org), "decision": "allow"}
    assert emulated.post(page, data=form).status_code == 303
    assert page_of(emulated.post(page, data=form)) == "link-expired"
    assert emulated.get("/region/oauth/authorize/none").status_code == 410


def test_names_are_shown_as_text(emulated: Emulated) -> None:
    org = emulated.org(name='Acme & Söhne "West" <b>')
    url = emulated.configured()
    emulated.get(url)
    page = emulated.login_page(url)
    emulated.post(page, data={"step": "login"})
    shown = emulated.post(page, data={"user": user_of(org)}).text
    assert "Acme &amp; Söhne &#34;West&#34; &lt;b&gt;" in shown
