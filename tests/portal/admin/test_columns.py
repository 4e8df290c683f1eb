"""Columns of lists: numbers are aligned and readable, names that look like numbers are not."""

import re

import pytest
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.utils import timezone

import portal.urls  # noqa: F401  (registers the pages)
from connect.models import Health, Mapping, MappingTemplate, RolloutItem, Tag, WriteError
from portal.admin.kit import columns
from tenants.models import Callout, RateBucket, Tenant
from tests.portal.admin import walk


@pytest.mark.parametrize(
    ("model", "name", "expected"),
    [
        (WriteError, "failed", True),
        (Mapping, "rows_in_database", True),
        (Health, "failed_writes", True),  # a method of the page
        (Tag, "count", True),
        (Tag, "name", False),
        (MappingTemplate, "version", False),
        (RolloutItem, "wave", False),
        (Callout, "status", False),
        (Health, "day", True),  # a text with a number: a percentage
        (Health, "rows_of_plan", False),
    ],
)
def test_a_column_of_numbers_is_known_as_such(
    model: type[Model], name: str, expected: bool
) -> None:
    page = admin.site.get_model_admin(model)
    (column,) = columns.in_list(model, [name])
    assert columns.is_number(page, column) is expected


def test_numbers_have_separators_and_stand_with_their_header(
    viewer: Client, five: dict[str, Tenant]
) -> None:
    Mapping.objects.update(rows_in_database=106_231)
    html = viewer.get(walk.page(Mapping, "changelist")).content.decode()
    assert re.search(r'<th[^>]*column-rows_in_database"? data-number', html)
    assert re.search(r"<td[^>]*data-number[^>]*field-rows_in_database[^>]*>106,231</td>", html)


def test_a_number_that_a_page_counts_has_separators(viewer: Client) -> None:
    RateBucket.objects.create(key="org", tokens=12_345.6, filled_at=timezone.now())
    html = viewer.get(walk.page(RateBucket, "changelist")).content.decode()
    assert re.search(r"<td[^>]*data-number[^>]*field-calls_left[^>]*>12,345</td>", html)
