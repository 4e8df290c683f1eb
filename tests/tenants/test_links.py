"""Signed links."""

import hashlib
import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import time_machine
from django.core.signing import b64_decode
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from connect import links as connect_links
from tenants import links
from tenants.links import LinkKind
from tenants.models import Tenant
from tests import cast

KINDS = (links.SIGN_IN, connect_links.AUTHORIZE, connect_links.AUTH_COMPLETE)

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("kind", KINDS)
def test_a_link_leads_to_its_tenant(kind: LinkKind) -> None:
    cast.enrol(cast.BOREALIS)
    tenant = cast.enrol(cast.ACME)
    assert links.tenant_for(kind, links.signed_part(kind, tenant)) == tenant


@pytest.mark.parametrize(
    ("build", "path"),
    [
        (links.sign_in_url, "/authenticate/"),
        (connect_links.authorize_url, "/connect/"),
        (connect_links.auth_complete_url, "/connection_auth_complete/"),
    ],
)
def test_links_are_whole_addresses_that_a_mail_program_leaves_alone(
    build: Callable[[Tenant], str], path: str, settings: Settings
) -> None:
    settings.PORTAL_URL = "https://portal.example"
    url = build(cast.enrol(cast.ACME))
    assert url.startswith(f"https://portal.example{path}")
    assert set(url) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:/.-_")
    assert len(url) < 150


@pytest.mark.parametrize("made_for", KINDS)
@pytest.mark.parametrize("used_as", KINDS)
def test_a_link_of_one_kind_is_invalid_as_another(made_for: LinkKind, used_as: LinkKind) -> None:
    tenant = cast.enrol(cast.ACME)
    if made_for != used_as:
        with pytest.raises(links.BadLink):
            links.tenant_for(used_as, links.signed_part(made_for, tenant))


def test_any_changed_character_breaks_a_link() -> None:
    signed = links.signed_part(links.SIGN_IN, cast.enrol(cast.ACME))
    for position in range(len(signed)):
        changed = "B" if signed[position] != "B" else "C"
        with pytest.raises(links.BadLink):
            links.tenant_for(links.SIGN_IN, signed[:position] + changed + signed[position + 1 :])


@pytest.mark.parametrize("nonsense", ["", ":", "a:b:c", "ä", "W10:1:x" * 99, "\ud800", "%00"])
def test_invalid_text_is_not_a_link(nonsense: str) -> None:
    with pytest.raises(links.BadLink):
        links.tenant_for(links.SIGN_IN, nonsense)


@pytest.mark.parametrize("kind", KINDS)
def test_a_link_lives_for_thirty_days(kind: LinkKind) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        tenant = cast.enrol(cast.ACME)
        signed = links.signed_part(kind, tenant)
        clock.shift(timedelta(days=30) - timedelta(seconds=1))
        assert links.tenant_for(kind, signed) == tenant
        clock.shift(timedelta(seconds=2))
        with pytest.raises(links.BadLink):
            links.tenant_for(kind, signed)


def test_a_link_dies_with_its_tenant_and_stays_dead_when_it_comes_back() -> None:
    tenant = cast.enrol(cast.ACME)
    signed = links.signed_part(links.SIGN_IN, tenant)
    Tenant.objects.update(offboarded_at=timezone.now())
    with pytest.raises(links.BadLink):
        links.tenant_for(links.SIGN_IN, signed)
    Tenant.objects.update(offboarded_at=None, registered_at=timezone.now())
    with pytest.raises(links.BadLink):
        links.tenant_for(links.SIGN_IN, signed)


def test_the_link_to_the_page_dies_with_its_contact_and_the_others_do_not() -> None:
    tenant = cast.enrol(cast.ACME)
    made = {kind: links.signed_part(kind, tenant) for kind in KINDS}
    Tenant.objects.update(admin_email="new@acme.example")
    with pytest.raises(links.BadLink):
        links.tenant_for(links.SIGN_IN, made.pop(links.SIGN_IN))
    # The package in the org shows the link to authorize, and the contact may change.
    for kind, signed in made.items():
        assert links.tenant_for(kind, signed) == tenant


def test_a_link_does_not_tell_who_its_contact_is(settings: Settings) -> None:
    """Who sees one could compute a plain digest of each address that they guess."""
    tenant = cast.enrol(cast.ACME)
    held = _held_by(links.signed_part(links.SIGN_IN, tenant))
    plain = hashlib.sha256(tenant.admin_email.encode()).hexdigest()
    assert held[-1] not in plain
    settings.SECRET_KEY = "another-key-" * 5
    other = _held_by(links.signed_part(links.SIGN_IN, tenant))
    assert (other[:-1], other[-1] == held[-1]) == (held[:-1], False)


def _held_by(signed: str) -> list[Any]:
    found: list[Any] = json.loads(b64_decode(signed.partition(":")[0].encode()))
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_a_link_that_is_made_from_another_one_is_not_younger(kind: LinkKind) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        tenant = cast.enrol(cast.ACME)
        old = links.signed_part(connect_links.AUTHORIZE, tenant)
        clock.shift(timedelta(days=29))
        derived = links.signed_part(kind, tenant, like=old)
        assert links.tenant_for(kind, derived) == tenant
        again = links.signed_part(kind, tenant, like=derived)
        clock.shift(timedelta(days=1, seconds=1))
        for signed in (derived, again):
            with pytest.raises(links.BadLink):
                links.tenant_for(kind, signed)


def test_no_page_prolongs_the_link_that_led_to_it(client: Client) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        tenant = cast.enrol(cast.ACME)
        opened = {
            "page": links.sign_in_url(tenant),
            "authorize": connect_links.authorize_url(tenant),
            "back": connect_links.auth_complete_url(tenant),
        }
        clock.shift(timedelta(days=29))
        found = []
        for url in opened.values():
            answer = client.get(urlsplit(url).path)
            text = answer.get("Location", "") + answer.content.decode()
            found += re.findall(r"/(?:authenticate|connect)/[\w:-]+", text)
        assert len(found) >= 2
        clock.shift(timedelta(days=1, seconds=1))
        assert {client.get(path).status_code for path in found} == {404}


@pytest.mark.parametrize(
    "path", ["/authenticate/x", "/connect/x", "/connection_auth_complete/x", "/authenticate/a:b:c"]
)
def test_every_bad_link_gets_the_same_page_which_says_how_to_get_a_new_one(
    client: Client, path: str
) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert "This link no longer works" in answer.content.decode()
    assert "ask us for a new link" in answer.content.decode()
    assert "mailto:connect@isv.example" in answer.content.decode()
    assert answer["Cache-Control"] == "no-store"
