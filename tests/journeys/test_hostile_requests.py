"""Hostile requests to every address: no answer of 500 or above, no stack trace, nothing gained.

`make test` asks each page of the staff once, as one role after the other, and sends some dozens of
generated requests. CI and `make thorough` ask each page as each role. `make chaos` generates ten
thousand to the public addresses and ten thousand to the staff's, and its report says how many.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

import emulator as emulated
from connect import links as connect_links
from connect.models import Connection, Stage
from portal import roles
from portal.models import Heartbeat
from tenants import links, recipients
from tenants.models import Proof, RateBucket, Tenant
from tests import cast
from tests.journeys import hostile
from tests.journeys.hostile import (
    CONTENT_TYPES,
    METHODS,
    REQUESTS,
    Hostile,
    Line,
    counted,
    examples,
    line,
    undone,
)
from tests.portal.admin import rows, strangers, test_routes
from tests.portal.admin.conftest import (  # noqa: F401  (fixtures)
    SignIn,
    _roles,
    five,
    sign_in,
    signed_in,
)
from tests.portal.integrations.test_api import token
from tests.portal.project.test_mail_webhooks import mount

__all__ = ["line"]  # a fixture
pytestmark = pytest.mark.django_db
MANY = 1000  # examples, of ten requests each
API = [
    *("/api/", "/api/v1/tenants", "/api/v1/tenants/x", "/api/v1/tenants/%00", "/api/v1/health"),
    *("/api/v1/openapi.json", "/api/v1/tenants/00DB00000002NDmMAM", "/api/v1/\u202e"),
]
ORG_IDS = ["00DB00000002NDm", "00DB00000002NDmMAM", "00Dxx0000001gPLEAY", "00D", "x"]


# --- the public addresses ------------------------------------------------------------------------

callouts = st.fixed_dictionaries(
    {},
    optional={
        "org_id": st.sampled_from(ORG_IDS) | hostile.odd,
        "org_name": hostile.odd,
        "admin_email": st.just("ops@acme.example") | hostile.odd,
        "environment": st.sampled_from(["production", "sandbox"]) | hostile.odd,
        "login_domain": hostile.odd,
        "namespace": hostile.odd,
        "package_version": hostile.odd,
        "installer_id": hostile.odd,
    },
)
bodies = (
    st.binary(max_size=200)
    | callouts.map(lambda fields: json.dumps(fields).encode())
    | callouts.map(lambda fields: hostile.form(list(fields.items())))
    | st.recursive(st.none() | hostile.odd | st.floats(), lambda inner: st.lists(inner)).map(
        lambda value: json.dumps(value).encode()
    )
)


def public_paths(tenant: Tenant) -> list[str]:
    """Return every public address, with and without a link that is valid."""
    signed = links.signed_part(links.SIGN_IN, tenant)
    authorize = links.signed_part(connect_links.AUTHORIZE, tenant)
    not_me = recipients.not_me_url(tenant, tenant.admin_email)
    return [
        *("/", "/organizations", "/organizations/", "/authenticate", "/auth/salesforce"),
        *("/auth/salesforce/callback", "/healthz", "/readyz", "/metrics", "/robots.txt"),
        *("/anymail/", "/anymail/mailgun/tracking/", "/admin/login/", "/static/x"),
        *("/admin/account/factors/webauthn/login/", "/not-me/x", urlsplit(not_me).path),
        *(f"/authenticate/{signed}", f"/authenticate/{authorize}", f"/connect/{authorize}"),
        *(f"/connect/{signed}x", f"/connection_auth_complete/{signed}", "//organizations"),
        *API,
        *("/authenticate/%00", "/connect/..", "/connect/a:b:c", "/connection_auth_complete/\u202e"),
    ]


def public_requests(tenant: Tenant) -> st.SearchStrategy[list[Hostile]]:
    """Return lists of requests to the public addresses, half of them to the registration."""
    one = st.builds(
        Hostile,
        method=st.sampled_from(METHODS) | st.just("POST"),
        path=st.just("/organizations") | st.sampled_from(public_paths(tenant)),
        query=st.lists(
            st.tuples(st.sampled_from(["code", "state", "error", "link", "checking"]), hostile.odd),
            max_size=3,
        ),
        body=bodies,
        content_type=st.just("application/json") | st.sampled_from(CONTENT_TYPES),
        headers=hostile.headers,
    )
    return st.lists(one, min_size=REQUESTS, max_size=REQUESTS)


@pytest.fixture
def stranger(settings: Settings) -> Tenant:
    """A tenant that nobody has proved, with links that are valid; the portal is ready."""
    mount(settings, "mailgun", MAILGUN_WEBHOOK_SIGNING_KEY="test-signing-key")
    settings.READ_API = True
    Heartbeat.objects.create(worker="host:1")
    return cast.enrol(cast.DUNE, proof=Proof.NONE)


@examples(10)
@given(data=st.data())
def test_a_stranger_gets_no_error_and_nothing_for_nothing(
    emulator: emulated.Running, stranger: Tenant, data: st.DataObject, line: Line
) -> None:
    strangers_try(emulator, stranger, data, line)


@pytest.mark.chaos
@examples(MANY)
@given(data=st.data())
def test_ten_thousand_requests_of_strangers_get_no_error_and_nothing_for_nothing(
    emulator: emulated.Running, stranger: Tenant, data: st.DataObject, line: Line
) -> None:
    strangers_try(emulator, stranger, data, line)


def strangers_try(
    emulator: emulated.Running, stranger: Tenant, data: st.DataObject, line: Line
) -> None:
    """Send some requests of a stranger, and check what they got."""
    enforces, wanted = data.draw(st.booleans()), data.draw(public_requests(stranger))
    with counted(line, "strangers"):
        Heartbeat.objects.update(beat_at=timezone.now())
        client = Client(enforce_csrf_checks=enforces, raise_request_exception=False)
        taken = 0
        for request in wanted:
            answer = request.send(client)
            assert hostile.faults(request, answer) == []
            taken += request.path.startswith("/organizations") and answer.status_code == 202
            RateBucket.objects.all().delete()
        new = Tenant.objects.exclude(pk=stranger.pk)
        assert new.count() <= taken
        assert not new.exclude(proof=Proof.NONE).exists()
        assert not Connection.objects.exclude(stage=Stage.WAITING_FOR_PROOF).exists()
        assert not User.objects.exists()
        assert emulator.addons() == []


# --- the read API --------------------------------------------------------------------------------

api_requests = st.builds(
    Hostile,
    method=st.sampled_from([*METHODS, "GET", "GET"]),
    path=st.sampled_from(API),
    query=st.lists(
        st.tuples(st.sampled_from(["limit", "after", "standing"]) | hostile.odd, hostile.odd),
        max_size=3,
    ),
    headers=hostile.headers,
)


@examples(10)
@given(wanted=st.lists(api_requests, min_size=REQUESTS, max_size=REQUESTS))
def test_odd_requests_with_a_right_token_get_no_error_and_change_nothing(
    stranger: Tenant, wanted: list[Hostile], line: Line
) -> None:
    bearer = {"Authorization": f"Bearer {token()}"}
    client = Client(raise_request_exception=False)
    with counted(line, "a token of the API"):
        for each in wanted:
            request = replace(each, headers={**each.headers, **bearer})
            answer = request.send(client)
            assert hostile.faults(request, answer) == []
            assert answer.status_code != 401, request
            RateBucket.objects.all().delete()
        assert list(Tenant.objects.all()) == [stranger]


# --- the staff's pages ---------------------------------------------------------------------------

NAMES = [
    *("q", "o", "p", "all", "e", "at__day", "at__year", "at__month", "registered_at__year", "row"),
    *("stage", "tenant__id__exact", "text__regex", "timeline", "_changelist_filters", "_popup"),
    *("_to_field", "index", "action", "_selected_action", "select_across", "confirmed", "why"),
    *("schema_fate", "until", "state", "status__exact", "cause__exact", "kind", "pk__in", "next"),
    *("name", "admin_email", "environment", "login_domain", "key", "csrfmiddlewaretoken"),
]
pairs = st.lists(st.tuples(st.sampled_from(NAMES) | hostile.odd, hostile.odd), max_size=4)


def staff_requests(addresses: list[str]) -> st.SearchStrategy[list[Hostile]]:
    """Return lists of requests to the staff's pages."""
    one = st.builds(
        Hostile,
        method=st.sampled_from(["GET", "GET", "POST", "POST", "HEAD", "PUT", "DELETE"]),
        path=st.sampled_from(addresses),
        query=pairs,
        body=pairs.map(hostile.form),
        content_type=st.just("application/x-www-form-urlencoded") | st.sampled_from(CONTENT_TYPES),
        headers=hostile.headers,
    )
    return st.lists(one, min_size=REQUESTS, max_size=REQUESTS)


@pytest.fixture
def routes(five: dict[str, Tenant]) -> dict[str, list[str]]:  # noqa: F811
    """Every address of the admin by the name of its route, with keys of rows that exist."""
    strangers.make(1)
    rows.switches()
    User.objects.get_or_create(username="root", is_staff=True, is_superuser=True)
    found: dict[str, list[str]] = {}
    for name, path in test_routes.addresses(five["acme"]):
        if path.startswith("/admin/"):
            found.setdefault(name or path, []).append(path)
    return found


# What a page may know and nobody means well with.
KNOWN = {"q": "' OR 1=1 --", "o": "-1.99", "p": "9" * 25, "_to_field": "", "_popup": "\ud800"}
GUESSED = {"text__regex": "^https", "at__day": "-1", "tenant__admin_email__startswith": "a"}
FORGED = {"action": "offboard", "_selected_action": "9" * 25, "confirmed": "yes", "index": "-1"}
# Two reach the page, and two end before it, which keeps `make test` short.
ONE_EACH = [
    ("GET", {"q": "a\0b"}),
    ("GET", {**KNOWN, **GUESSED}),
    ("POST", {"until": "9" * 5000}),
    ("POST", {**KNOWN, **FORGED, "until": "10000-01-01", "state": "{{ 7*7 }}"}),
]
ROLES = [*roles.permissions(), "superuser", "nobody"]


@pytest.mark.parametrize(
    "every",
    [
        pytest.param(False, id="a role a page"),
        pytest.param(True, id="each role", marks=pytest.mark.every),
    ],
)
def test_every_page_of_staff_survives_a_hostile_request_of_each_role(
    emulator: emulated.Running,
    routes: dict[str, list[str]],
    sign_in: SignIn,  # noqa: F811
    every: bool,
) -> None:
    for turn, role in enumerate(ROLES):
        client = _client(sign_in, role)
        cookies = client.cookies.output(header="")
        for number, paths in enumerate(routes.values()):
            if not every and number % len(ROLES) != turn:
                continue
            # Each role begins elsewhere, so that a page meets another request from each of them.
            request = _one_each(number + turn, paths[turn % len(paths)])
            with undone():
                client.cookies.load(cookies)  # one of the pages ends the session
                assert hostile.faults(request, request.send(client)) == [], role


def _one_each(number: int, path: str) -> Hostile:
    method, sent = ONE_EACH[number % len(ONE_EACH)]
    given_ = list(sent.items())
    if method == "GET":
        return Hostile(method, path, given_)
    return Hostile(method, path, [], hostile.form(given_), "application/x-www-form-urlencoded")


@examples(2)
@pytest.mark.parametrize("role", ROLES)
@given(data=st.data())
def test_no_page_of_staff_fails_whatever_it_is_sent(
    emulator: emulated.Running,
    routes: dict[str, list[str]],
    sign_in: SignIn,  # noqa: F811
    role: str,
    data: st.DataObject,
    line: Line,
) -> None:
    staff_try(routes, lambda: _client(sign_in, role), role, data, line)


@pytest.mark.chaos
@examples(MANY // len(ROLES))
@pytest.mark.parametrize("role", ROLES)
@given(data=st.data())
def test_no_page_of_staff_fails_at_ten_thousand_requests(
    emulator: emulated.Running,
    routes: dict[str, list[str]],
    sign_in: SignIn,  # noqa: F811
    role: str,
    data: st.DataObject,
    line: Line,
) -> None:
    staff_try(routes, lambda: _client(sign_in, role), role, data, line)


def staff_try(
    routes: dict[str, list[str]],
    enter: Callable[[], Client],
    role: str,
    data: st.DataObject,
    line: Line,
) -> None:
    """Send some requests of a member of staff, or of nobody, to the staff's pages."""
    # Drawn first: what is generated must not depend on what the portal does.
    # The longest first: an example begins with the first, and the shortest is the dashboard.
    every = sorted((path for paths in routes.values() for path in paths), key=len, reverse=True)
    wanted = data.draw(staff_requests(every))
    with counted(line, role):
        client = enter()
        for request in wanted:
            answer = request.send(client)
            assert hostile.faults(request, answer) == []


def _client(sign_in: SignIn, role: str) -> Client:  # noqa: F811
    client = sign_in(role) if role in roles.permissions() else Client()
    if role == "superuser":
        client = signed_in(User.objects.get(username="root"))
    client.raise_request_exception = False
    return client
