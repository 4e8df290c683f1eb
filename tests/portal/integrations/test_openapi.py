"""The OpenAPI document is valid, and every answer is as it says."""

import json
from functools import cache
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from connect.standing import Word
from portal.integrations import observing
from portal.integrations.api import views
from portal.integrations.models import LifecycleKind, Scope, Webhook, WebhookEvent
from portal.urls import urlpatterns
from tenants.models import Environment
from tests import documents
from tests.portal.admin import rows
from tests.portal.integrations.test_api import ACME, DOCUMENT, HEALTH, TENANTS, ask, token

pytestmark = pytest.mark.django_db


@cache
def document() -> dict[str, Any]:
    settings.READ_API = True
    found: dict[str, Any] = Client().get(DOCUMENT).json()
    return found


def schema(name: str) -> Draft202012Validator:
    """Return the validator of a schema of the document, formats included."""
    whole = {**document(), "$ref": f"#/components/schemas/{name}"}
    return Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER)


def test_the_document_is_valid() -> None:
    OpenAPIV31SpecValidator(document()).validate()
    assert document()["openapi"] == "3.1.0"
    assert document()["servers"] == [{"url": settings.PORTAL_URL}]


def test_the_document_has_exactly_the_addresses_that_are_answered() -> None:
    every = (str(each.pattern) for each in urlpatterns)  # type: ignore[attr-defined]  # a mix
    routed = {each for each in every if each.startswith("api/")}
    described = {path.strip("/") for path in document()["paths"]}
    assert {each.replace("<str:org_id>", "{org_id}") for each in routed} == {
        *described,
        DOCUMENT.strip("/"),
    }


def test_its_words_are_those_of_the_code() -> None:
    schemas = document()["components"]["schemas"]
    assert schemas["Word"]["enum"] == list(Word.values)
    assert schemas["LifecycleEvent"]["properties"]["type"]["enum"] == list(LifecycleKind.values)
    assert schemas["Tenant"]["properties"]["environment"]["enum"] == list(Environment.values)
    assert schemas["OrgId"]["pattern"] == f"^{views.ORG_ID.pattern}$"
    limit = document()["paths"][TENANTS]["get"]["parameters"][0]["schema"]
    assert (limit["maximum"], limit["default"]) == (views.MAX_PAGE, views.PAGE)


def test_the_guides_tables_are_those_of_the_code() -> None:
    assert documents.table("docs/webhooks.md", "Events").column() == list(LifecycleKind.values)
    assert documents.table("docs/api.md", "Get a token").column() == list(Scope.values)


@pytest.mark.parametrize(
    ("address", "name"), [(TENANTS, "TenantPage"), (ACME, "Tenant"), (HEALTH, "Health")]
)
def test_an_answer_is_as_its_schema_says(client: Client, address: str, name: str) -> None:
    rows.five()
    schema(name).validate(ask(client, address, token()).json())


@pytest.mark.parametrize("address", [f"{TENANTS}?limit=0", f"{TENANTS}/x", "/api/nothing"])
def test_an_error_is_as_its_schema_says(client: Client, address: str) -> None:
    schema("Problem").validate(ask(client, address, token()).json())


def test_an_event_is_as_its_schema_says(webhook: Webhook) -> None:
    rows.five()
    assert observing.observe()
    for event in WebhookEvent.objects.all():
        schema("LifecycleEvent").validate(json.loads(event.body))
