"""The CSV export of the lists: complete, filtered and safe in a spreadsheet."""

import csv
import io
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection as database
from django.http import StreamingHttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal import roles
from portal.admin.kit import lists
from tenants.models import Tenant
from tests import cast
from tests.portal.admin import rows, strangers, walk
from tests.portal.admin.conftest import SignIn

pytestmark = pytest.mark.django_db
EVERY = pytest.mark.parametrize("model", walk.EXPORTED, ids=lambda model: model._meta.model_name)


def export(client: Client, model: type[Any], **query: str) -> list[list[str]]:
    answer = client.get(walk.page(model, "export"), query)
    assert isinstance(answer, StreamingHttpResponse)
    text = b"".join(answer.streaming_content).decode()
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text[1:])))


def test_every_row_of_every_list_is_exported(viewer: Client, five: dict[str, Tenant]) -> None:
    strangers.make(60)
    for model in walk.EXPORTED:
        head, *body = export(viewer, model)
        assert len(body) == model._default_manager.count() >= 60, model
        assert {len(row) for row in body} == {len(head)}, model
        assert rows.ACCESS_TOKEN not in str(body), model


def test_the_export_has_the_filters_of_the_address(viewer: Client, five: dict[str, Tenant]) -> None:
    _, *body = export(viewer, Tenant, standing="live", p="1")
    assert [row[0] for row in body] == ['Acme & Söhne "West"']
    _, *found = export(viewer, Tenant, q="borealis")
    assert [row[0] for row in found] == ["Borealis"]
    assert viewer.get(walk.page(Tenant, "export"), {"nonsense": "1"}).status_code == 400


def test_the_list_offers_the_export_of_what_it_shows(viewer: Client) -> None:
    html = viewer.get(walk.page(Tenant, "changelist"), {"standing": "live"}).content.decode()
    assert f'href="{walk.page(Tenant, "export")}?standing=live"' in html


def test_an_export_costs_the_same_for_any_number_of_rows(viewer: Client) -> None:
    strangers.make(2)
    export(viewer, Tenant)  # the first request of a session writes its row
    with CaptureQueriesContext(database) as few:
        export(viewer, Tenant)
    strangers.make(20, start=3)
    with CaptureQueriesContext(database) as many:
        export(viewer, Tenant)
    assert len(few) == len(many)


@EVERY
def test_an_export_is_for_those_who_may_see_the_list_and_changes_nothing(
    client: Client, sign_in: SignIn, model: type[Any]
) -> None:
    url = walk.page(model, "export")
    assert client.get(url)["Location"].startswith("/admin/login/")
    viewer = sign_in(roles.VIEWER)
    assert viewer.post(url).status_code == 405
    user = viewer.get("/admin/").context["user"]
    user.groups.clear()
    assert viewer.get(url).status_code == 403


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("  =1", "'  =1"),
        ("＝1", "'＝1"),
        ("Acme = Söhne", "Acme = Söhne"),
        ("", ""),
        (None, ""),
        (-5, "-5"),
        (Decimal("-1.5"), "-1.5"),
        (datetime(2026, 2, 1, 12, 30, tzinfo=UTC), "2026-02-01 12:30:00+00:00"),
    ],
)
def test_no_cell_is_a_formula(value: Any, shown: str) -> None:
    assert lists.cell(value) == shown


def test_an_org_that_calls_itself_a_formula_stays_a_name(viewer: Client) -> None:
    cast.enrol({**cast.ACME, "name": '=cmd|" /C calc"!A0'})
    _, row = export(viewer, Tenant)
    assert row[0] == '\'=cmd|" /C calc"!A0'
