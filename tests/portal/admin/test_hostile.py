"""No parameter of any staff page, at any value, is answered by an error of ours.

Every address of the admin is asked with every parameter that its page, its forms and its links
know, by GET and by POST, with values that no column, number or date can hold.
"""

import re
from collections.abc import Iterator
from itertools import cycle

import pytest
from django.contrib import admin
from django.db import DataError
from django.db.models import Model
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse

from connect.models import WriteError
from portal.actions.write_errors import CHOSEN
from portal.admin.kit.declared import LEVELS
from portal.project.unusable import UnusableInputMiddleware
from tenants.models import Message, Tenant
from tests.portal.admin import rows, strangers, walk
from tests.portal.admin.test_routes import addresses

# Each request in a transaction of its own, as in production: a refusal must not spoil the next.
pytestmark = [
    pytest.mark.django_db(transaction=True),
    # Of Django's own filter by dates; outside the tests it only warns.
    pytest.mark.filterwarnings("default:DateTimeField .* received a naive datetime"),
]
NUL = "a\x00b"
LONG = "9" * 5000
HOSTILE = (
    *("-1", "9" * 25, "²", "٣", "inf", "9999-12-31", "0001-01-01T00:00", '["\\u0000"]', "\ufffe"),
    *(f"_trigger_log:{'9' * 25}", f"_trigger_log:{LONG}", LONG, NUL, "x" * 100_000, ""),
)
# Parameters of Django's own pages, and those of its lists alone.
COMMON = ("_popup", "_to_field", "_changelist_filters")
OF_LISTS = ("q", "p", "o", "all", "_facets")
# What forms and links of a page send.
NAMES = re.compile(r'<(?:input|select|textarea|button)[^>]*\bname="([^"]+)"|[?&;]([a-z_]+)=')
Sent = tuple[str, dict[str, str], int]  # method, what was sent, status
PRESSED = {"confirmed": "yes", "action": "pause", "index": "0", "_selected_action": "1"}


def pages(tenant: Tenant) -> list[str]:
    """Return every address for staff; leaving would end the session."""
    found = {address for _, address in addresses(tenant) if address.startswith("/admin/")}
    return sorted(found - {reverse("admin:logout")})


def names(client: Client, address: str) -> list[str]:
    """Return the parameters that a page knows; none if there is no such page."""
    answer = client.get(address)
    if answer.status_code == 404:
        return []
    html = answer.getvalue().decode(errors="replace")
    found = {one or other for one, other in NAMES.findall(html)}
    return sorted({*found, *COMMON, *of_list(address)} - {"csrfmiddlewaretoken"})


def of_list(address: str) -> Iterator[str]:
    for model, page in admin.site._registry.items():
        if address == walk.page(model, "changelist"):
            yield from OF_LISTS
            yield from (f"{page.date_hierarchy}__{level}" for level in LEVELS)


def tried(client: Client, address: str, values: Iterator[str]) -> Iterator[Sent]:
    """Yield what was sent to a page, with the status of its answer."""
    known = names(client, address)
    for name in known:
        sent = {name: next(values)}
        yield "GET", sent, client.get(address, sent).status_code
    if known:
        all_bad = dict.fromkeys(known, next(values))
        for sent in ({**PRESSED, **all_bad}, {**all_bad, **PRESSED}):
            yield "POST", sent, client.post(address, sent).status_code


def failures(client: Client, tenant: Tenant, values: Iterator[str]) -> list[tuple[str, str, str]]:
    return [
        (method, address, str(sent)[:300])
        for address in pages(tenant)
        for method, sent, status in tried(client, address, values)
        if status >= 500
    ]


@pytest.fixture
def careless(superuser: Client) -> Client:
    """A superuser's browser that shows an error page where a test would be stopped."""
    superuser.raise_request_exception = False
    return superuser


@pytest.fixture
def world(emulator: object, five: dict[str, Tenant]) -> Tenant:
    strangers.make(1)
    rows.switches()
    return five["acme"]


# `make test` asks each page in tests/journeys/test_hostile_requests.py.
@pytest.mark.thorough
def test_no_page_fails_at_a_parameter(careless: Client, world: Tenant) -> None:
    assert failures(careless, world, cycle(HOSTILE)) == []


@pytest.mark.parametrize(
    ("model", "sent"),
    [
        (Message, {"created_at__day": "-1"}),
        (Message, {"created_at__year": "9999"}),
        (Message, {"q": NUL}),
        (Message, {"status__exact": NUL}),
        (Tenant, {"p": LONG}),
        (WriteError, {"_selected_action": "9" * 25}),
        (Tenant, {"_to_field": ""}),
    ],
)
def test_a_list_survives_what_once_broke_it(
    careless: Client, world: Tenant, model: type[Model], sent: dict[str, str]
) -> None:
    assert careless.get(walk.page(model, "changelist"), sent).status_code < 500
    assert careless.post(walk.page(model, "changelist"), {**PRESSED, **sent}).status_code < 500


def test_a_value_that_fits_no_column_is_one_line_without_a_traceback(
    rf: RequestFactory, caplog: pytest.LogCaptureFixture
) -> None:
    page = UnusableInputMiddleware(lambda _: HttpResponse())
    answer = page.process_exception(rf.get("/admin/x/"), DataError("value too\nlong"))
    assert answer is not None
    assert answer.status_code == 400
    (line,) = caplog.records
    assert not line.exc_info
    assert line.getMessage() == r"a value does not fit: GET /admin/x/ DataError('value too\nlong')"


@pytest.mark.parametrize("number", ["9" * 5000, "9" * 25, "-1", "²"])
@pytest.mark.parametrize("log", ["_trigger_log", "_trigger_log_archive", "x"])
def test_a_ticked_write_that_cannot_exist_is_left_out(
    careless: Client, world: Tenant, log: str, number: str
) -> None:
    error = WriteError.objects.get()
    url = walk.page(WriteError, "act", error.pk, "retry")
    assert careless.post(url, {CHOSEN: f"{log}:{number}"}).status_code in (200, 400)


@pytest.mark.parametrize("key", ["a%00b", "9" * 25, "9" * 5000, "-1", "%C2%B2", "_00"])
@pytest.mark.parametrize("rest", ["change/", "delete/", "history/", "do/pause/", "live/"])
def test_a_key_that_no_row_can_have_leads_to_no_page(
    careless: Client, world: Tenant, key: str, rest: str
) -> None:
    for model in (Tenant, WriteError):
        base = walk.page(model, "changelist")
        assert careless.get(f"{base}{key}/{rest}").status_code < 500


@pytest.mark.thorough
@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
def test_no_page_fails_at_any_value_of_any_parameter(
    careless: Client, world: Tenant, value: str
) -> None:
    assert failures(careless, world, cycle([value])) == []
