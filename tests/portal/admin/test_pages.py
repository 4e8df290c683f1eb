"""Every page of the admin: it renders, for whom it should, at a fixed cost, without a secret."""

import re

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from connect.models import Connection, Mapping
from portal import roles
from tenants.models import Callout, Message, Tenant
from tests.portal.admin import rows, strangers, walk
from tests.portal.admin.conftest import SignIn


def address(label: str) -> str:
    return next(
        walk.page(model, "changelist")
        for model in walk.models()
        if model._meta.label_lower == label
    )


def every_page() -> list[str]:
    return ["/admin/", *walk.lists(), *walk.rows()]


def assert_fit_to_be_seen(client: Client, url: str) -> None:
    """A page renders, carries the policy and nothing that it forbids, and shows no token.

    It has no link within a link: browsers make a link without a target of it.
    """
    answer = client.get(url)
    html = answer.content.decode()
    assert answer.status_code == 200, url
    assert "default-src 'self'" in answer["Content-Security-Policy"], url
    assert "<style" not in html, url
    inline = r"<script(?![^>]*(?:\bsrc=|application/json))"  # no browser runs JSON
    assert not re.search(inline + r"|\sstyle=|\son\w+=\"", html), url
    assert not re.search(r"<a\b(?:(?!</a>).)*<a\b", html, re.DOTALL), url
    assert rows.ACCESS_TOKEN not in html, url
    assert rows.REFRESH_TOKEN not in html, url


@pytest.mark.parametrize("role", [roles.VIEWER, roles.MANAGER])  # the least and the most rights
def test_viewers_and_managers_see_every_list_and_every_row_and_no_token(
    sign_in: SignIn, role: str, five: dict[str, Tenant]
) -> None:
    strangers.make(1)
    rows.switches()
    client = sign_in(role)
    for url in every_page():
        assert_fit_to_be_seen(client, url)


def test_the_login_obeys_the_content_security_policy(client: Client) -> None:
    assert_fit_to_be_seen(client, "/admin/login/")


def test_nobody_sees_anything_before_logging_in(client: Client, five: dict[str, Tenant]) -> None:
    for url in every_page():
        answer = client.get(url)
        assert answer.status_code == 302, url
        assert answer["Location"].startswith("/admin/login/"), url


def test_staff_without_a_role_see_nothing(sign_in: SignIn, five: dict[str, Tenant]) -> None:
    client = sign_in(roles.VIEWER)
    Group.objects.get(name=roles.VIEWER).permissions.clear()
    assert client.get("/admin/").status_code == 200
    for url in [*walk.lists(), *walk.rows()]:
        assert client.get(url).status_code == 403, url


def test_the_cost_of_a_tenants_page_does_not_grow_with_its_history(
    manager: Client, five: dict[str, Tenant]
) -> None:
    url = walk.page(Tenant, "change", five["acme"].pk)
    walk.warm(manager, [url])
    few = walk.queries(manager, url)
    rows.history(five["acme"], 100)
    assert walk.queries(manager, url) == few


def test_nothing_can_be_deleted(superuser: Client, five: dict[str, Tenant]) -> None:
    strangers.make(1)
    rows.switches()
    for model in walk.models():
        row = model._default_manager.all()[0]
        url = walk.page(model, "delete", row.pk)
        assert superuser.post(url, {"post": "yes"}).status_code == 403, url
        listed = superuser.get(walk.page(model, "changelist")).content.decode()
        assert "delete_selected" not in listed, url


WRITTEN_BY_STAFF = {
    "tenants.tenant",
    "tenants.switch",
    "connect.mappingtemplate",
    "connect.defaulttemplate",
    "connect.tag",
    "connect.rollout",
    "connect.hostapp",
    "integrations.webhook",
    "integrations.apitoken",
}


def test_what_the_portal_writes_nobody_else_does(
    superuser: Client, five: dict[str, Tenant]
) -> None:
    strangers.make(1)
    models = [each for each in walk.models() if each._meta.label_lower not in WRITTEN_BY_STAFF]
    assert len(models) > 25
    for model in models:
        row = model._default_manager.all()[0]
        for url in (walk.page(model, "add"), walk.page(model, "change", row.pk)):
            assert superuser.post(url, {}).status_code == 403, url


def test_a_callouts_body_is_shown_as_it_came_and_never_interpreted(viewer: Client) -> None:
    body = b'{"org_name":"Acme & S\xc3\xb6hne "West""}<script>alert(1)</script>\xff'
    callout = Callout.objects.create(body=body, status=400)
    html = viewer.get(walk.page(Callout, "change", callout.pk)).content.decode()
    assert "Acme &amp; Söhne &quot;West&quot;" in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;\N{REPLACEMENT CHARACTER}" in html
    assert "<script>alert" not in html


def test_what_a_mail_says_is_shown_to_those_who_may_send_it(
    viewer: Client, operator: Client, five: dict[str, Tenant]
) -> None:
    message = Message.objects.create(
        tenant=five["acme"],
        key="k",
        to="ops@acme.example",
        text="https://portal.example/authenticate/signed",
        html="<b>x</b>",
    )
    url = walk.page(Message, "change", message.pk)
    assert "authenticate/signed" not in viewer.get(url).content.decode()
    assert "authenticate/signed" in operator.get(url).content.decode()


@pytest.mark.parametrize(
    "query",
    [
        "Söhne",
        "00DB00000002NDm",
        "00DB00000002NDmMAM",
        "ops@acme.example",
        "hc-abc123-00db00000002ndmmam-1",
        "conn-acme",
    ],
)
@pytest.mark.parametrize("label", ["tenants.tenant", "connect.connection", "connect.mapping"])
def test_a_tenant_is_found_by_every_id_that_staff_may_hold(
    viewer: Client, five: dict[str, Tenant], label: str, query: str
) -> None:
    five["acme"].connections.update(connection_id="conn-acme")
    found = viewer.get(address(label), {"q": query}).context["cl"].result_list
    assert [owner(row) for row in found] == [five["acme"]]


def owner(row: Tenant | Connection | Mapping) -> Tenant:
    match row:
        case Mapping():
            return row.connection.tenant
        case Connection():
            return row.tenant
    return row
