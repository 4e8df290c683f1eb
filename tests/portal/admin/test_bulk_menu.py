"""The menu of a list's actions: a long one has groups."""

import re

import pytest
from django.test import Client

from connect.models import KeptSchema
from portal.actions import action as registry
from portal.actions.action import Kind
from portal.admin.kit import menu
from tenants.models import Tenant
from tests.portal.admin import walk

BLANK = ("", "---------")
TENANTS = registry.of(Tenant)
LONG = [BLANK, *((name, each.label) for name, each in TENANTS.items())]


def test_a_long_menu_names_its_groups_and_what_ends_something_stands_last() -> None:
    first, *groups = menu.grouped(LONG, TENANTS)

    assert first == BLANK
    headings = [heading for heading, _ in groups]
    assert headings == [kind for kind in Kind if kind != Kind.OTHER]
    assert max(len(part) for _, part in groups) <= menu.MAX_FLAT
    listed = [choice for _, part in groups for choice in part]
    assert sorted(listed) == sorted(LONG[1:])


def test_a_short_menu_has_no_groups() -> None:
    short = LONG[: menu.MAX_FLAT]
    assert menu.grouped(short, TENANTS) == short


@pytest.mark.parametrize("name", [name for name, each in TENANTS.items() if each.destructive])
def test_what_cannot_be_undone_is_in_the_last_group(name: str) -> None:
    assert TENANTS[name].kind == Kind.END


def test_the_list_of_tenants_has_groups_and_that_of_kept_schemas_has_none(
    manager: Client, five: dict[str, Tenant]
) -> None:
    page = manager.get(walk.page(Tenant, "changelist")).content.decode()
    headings = re.findall(r'<optgroup label="([^"]+)">', page)
    assert headings == [str(kind) for kind in Kind if kind != Kind.OTHER]
    schemas = manager.get(walk.page(KeptSchema, "changelist")).content.decode()
    assert "<optgroup" not in schemas
