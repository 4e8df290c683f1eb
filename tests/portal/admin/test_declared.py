"""Nobody can guess what a page hides: lists are filtered, sorted and found by declared fields only.

Every model with a page is tried, and every field of it and of the rows that it leads to.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.exceptions import (
    DisallowedModelAdminLookup,
    DisallowedModelAdminToField,
)
from django.contrib.admin.utils import flatten_fieldsets
from django.contrib.auth.models import User
from django.db.models import Model
from django.http import HttpRequest
from django.test import Client, RequestFactory

import portal.urls  # noqa: F401  (registers every page)
from portal.admin.kit.declared import DeclaredLookups
from tenants.models import Message, SalesforceGrant, Tenant
from tests.portal.admin import rows, walk
from tests.portal.admin.conftest import SignIn

pytestmark = pytest.mark.django_db
REGISTERED = pytest.mark.parametrize(
    "model", list(admin.site._registry), ids=lambda model: model._meta.label_lower
)
GUESSES = ("regex", "iregex", "startswith", "contains", "gt", "lte", "in", "range", "length")
AT_ONCE = 500  # Django takes no request with more than 1,000 parameters
OF_HIDDEN = ("", "exact", "isnull", *GUESSES)
LINK = "https://portal.example/authenticate/eyJzaWduZWQi"


@pytest.fixture
def asked(db: None) -> Any:
    """Return a function that makes a superuser's request for a list."""
    user = User.objects.create_superuser("root")

    def ask(**query: str) -> HttpRequest:
        request = RequestFactory().get("/", query)
        request.user = user
        return request

    return ask


# What a row's own template or a computed column shows, beside the fields of its page.
SHOWN_BY_TEMPLATES = {
    "connect.rollout": {"status", "pause_reason"},
    "portal.bulkitem": {"text"},  # by `said`
}


def page_of(model: type[Model]) -> Any:
    return admin.site._registry[model]


def shown(model: type[Model], request: HttpRequest) -> set[str]:
    """Return the names that a Viewer sees on a model's list and on a row's page."""
    page = page_of(model)
    # A column of times is a function with the name of its field.
    listed = {getattr(name, "__name__", name) for name in page.get_list_display(request)}
    sorted_by = {getattr(getattr(page, name, None), "admin_order_field", None) for name in listed}
    fields = page.fields or flatten_fieldsets(page.fieldsets or ()) or names(model)
    filters = {getattr(each, "parameter_name", "") for each in page.get_list_filter(request)}
    drawn = SHOWN_BY_TEMPLATES.get(model._meta.label_lower, set())
    return {*listed, *filters, *drawn, *map(str, filter(None, sorted_by)), *fields, "id", "pk"}


def names(model: type[Model]) -> list[str]:
    return [field.name for field in model._meta.concrete_fields]


def paths(model: type[Model]) -> Iterator[str]:
    """Yield the lookup path of every field of a model, and of those of related rows."""
    for field in model._meta.get_fields():
        name = getattr(field, "attname", field.name)
        yield name
        if field.related_model and isinstance(field.related_model, type):
            yield from (f"{field.name}__{other}" for other in names(field.related_model))


def answered(model: type[Model], ask: Any, tried: list[str]) -> list[str]:
    """Return which of some parameters a list does not refuse, asked many at once."""
    parts = (tried[start : start + AT_ONCE] for start in range(0, len(tried), AT_ONCE))
    return [name for part in parts for name in _answered(model, ask, part)]


def _answered(model: type[Model], ask: Any, tried: list[str]) -> list[str]:
    try:
        page_of(model).get_changelist_instance(ask(**dict.fromkeys(tried, "1")))
    except DisallowedModelAdminLookup as error:  # it names all that it refuses
        return [name for name in tried if repr(name) not in str(error)]
    return tried


def parameter(path: str, lookup: str) -> str:
    return f"{path}__{lookup}" if lookup else path


@REGISTERED
def test_every_page_is_of_the_kit(model: type[Model]) -> None:
    assert isinstance(page_of(model), DeclaredLookups)


def test_an_answer_says_what_a_list_takes_and_what_it_refuses(asked: Any) -> None:
    tried = ["q", "admin_email__regex", "name__gt"]
    assert answered(Tenant, asked, tried) == ["q"]


@REGISTERED
def test_no_list_answers_a_guess_at_any_field(model: type[Model], asked: Any) -> None:
    tried = [parameter(path, lookup) for path in paths(model) for lookup in GUESSES]
    assert answered(model, asked, tried) == []


@REGISTERED
def test_no_list_filters_by_a_field_that_its_pages_hide(model: type[Model], asked: Any) -> None:
    hidden = set(names(model)) - shown(model, asked())
    tried = [parameter(path, lookup) for path in sorted(hidden) for lookup in OF_HIDDEN]
    assert answered(model, asked, tried) == []


@REGISTERED
def test_search_dates_order_and_export_use_shown_fields_only(
    model: type[Model], asked: Any
) -> None:
    page, request = page_of(model), asked()
    of_dates = [page.date_hierarchy] if page.date_hierarchy else []
    exported = getattr(page, "exports", ())
    found_by = getattr(page, "found_by", ())
    used = [*page.get_search_fields(request), *of_dates, *exported, *found_by]
    own = {str(path).lstrip("^=@") for path in used if "__" not in str(path)}
    assert own & set(names(model)) <= shown(model, request)


@REGISTERED
def test_no_row_is_found_by_another_field_than_its_key(model: type[Model], asked: Any) -> None:
    others = [name for name in names(model) if name != model._meta.pk.name]
    for name in others:
        with pytest.raises(DisallowedModelAdminToField):
            page_of(model).get_changelist_instance(asked(_to_field=name))


@pytest.mark.parametrize("view", ["changelist", "export"])
@pytest.mark.parametrize(
    ("model", "query"),
    [
        (Message, {"text__regex": "^https"}),
        (Message, {"html__startswith": "<"}),
        (Message, {"tenant__message__text__contains": "eyJ"}),
        (SalesforceGrant, {"access_token__startswith": "00D"}),
        (Tenant, {"message__text__regex": "^https"}),
        (Tenant, {"admin_email__regex": "^ops"}),
        (Tenant, {"salesforcegrant__refresh_token__gt": "5"}),
    ],
)
def test_a_viewer_cannot_read_a_sign_in_link_by_guessing(
    viewer: Client, five: dict[str, Tenant], view: str, model: type[Model], query: dict[str, str]
) -> None:
    message = rows.message(five["acme"])
    Message.objects.filter(pk=message.pk).update(text=LINK)
    assert viewer.get(walk.page(model, view), query).status_code == 400


def test_a_superuser_cannot_guess_a_password_hash(superuser: Client) -> None:
    for query in ({"password__startswith": "pbkdf2"}, {"password": "x"}, {"password__gt": "a"}):
        assert superuser.get("/admin/auth/user/", query).status_code == 400


def test_a_row_cannot_be_opened_by_a_field_that_is_hidden(
    sign_in: SignIn, five: dict[str, Tenant]
) -> None:
    message = rows.message(five["acme"])
    url = walk.page(Message, "change", message.text)
    answer = sign_in("Viewer").get(url, {"_to_field": "text"})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "query",
    [
        {"created_at__year": "9999"},
        {"created_at__year": "-1"},
        {"created_at__day": "1"},
        {"created_at__year": "2026", "created_at__day": "1"},
        {"created_at__year": "2026", "created_at__month": "13"},
        {"created_at__year": "2026", "created_at__month": "2", "created_at__day": "30"},
        {"created_at__year": "9" * 5000},
        {"created_at__hour": "1"},
    ],
)
def test_a_date_that_does_not_exist_is_refused(viewer: Client, query: dict[str, str]) -> None:
    assert viewer.get(walk.page(Message, "changelist"), query).status_code == 400
