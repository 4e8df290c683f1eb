"""No address of the portal changes anything, or shows a token, when it is merely looked at.

Every route of the URLconf is asked by GET, by a superuser and by a stranger, plainly and with a
query that tries what a button would post. Then every table must hold what it held before. In `make
test` the superuser asks one address of each kind; CI and `make thorough` ask every one.
"""

import re
from collections.abc import Callable, Hashable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.urls import Resolver404, URLPattern, URLResolver, get_resolver, resolve
from django_q.models import OrmQ

from connect import links as connect_links
from portal.actions import action as registry
from tenants import links, recipients
from tenants.models import Tenant
from tenants.redaction import redact
from tests.kinds import one_of_each
from tests.portal.admin import rows, strangers

pytestmark = pytest.mark.django_db
TOKENS = (rows.ACCESS_TOKEN, rows.REFRESH_TOKEN)
# Sessions with their messages, how often an address was called, what is noted of looking, and what
# was read for the dashboard, are not state of the portal.
NOT_STATE = {"django_session", "portal_auditentry", "portal_shared_cache", "tenants_ratebucket"}
NO_ACTION = "no-such-action"
# What a button posts, tried as a link.
AS_IF_PRESSED = (
    "?action=pause&_selected_action=1&index=0&confirmed=yes&schema_fate=drop&to=off&why=x"
)
# <int:pk>, <id> or (?P<url>.*)
PARAMETER = re.compile(r"(?:\(\?P)?<(?:\w+:)?(\w+)>(?:(?<=\w>)(?:\.\*|[\w|]+|\\d\+)\))?")
SUBSCRIBERS: dict[str, Callable[[Tenant], str]] = {
    "authenticate": links.sign_in_url,
    "connect-authorize": connect_links.authorize_url,
    "connect-auth-complete": connect_links.auth_complete_url,
    "not-me": lambda tenant: recipients.not_me_url(tenant, tenant.admin_email),
}
# Coming back from Heroku Connect queues one more look, which any tenant gets anyway.
HURRIES = "connect-auth-complete"


def routes(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield the name and the pattern of every route, e.g. ("tenants_tenant_change", "admin/…")."""
    for each in resolver.url_patterns:
        route = prefix + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from routes(each, route)
        elif isinstance(each, URLPattern):
            yield each.name or "", route


def addresses(tenant: Tenant) -> Iterator[tuple[str, str]]:
    """Yield every route's name with an address, its parameters filled from rows that exist."""
    for name, route in routes(get_resolver()):
        if name in SUBSCRIBERS:
            yield name, urlsplit(SUBSCRIBERS[name](tenant)).path
            continue
        for path in filled(name, route):
            yield name, f"/{path}"


def filled(name: str, route: str) -> list[str]:
    """Return addresses of a route: one for each value of its parameter."""
    wanted = PARAMETER.findall(route)
    values = {found: parameter(name, found) for found in wanted}
    most = max((len(each) for each in values.values()), default=1)
    plain = route.replace("^", "").replace("$", "")
    return [filled_once(plain, values, number) for number in range(most)]


def filled_once(route: str, values: dict[str, list[Any]], number: int) -> str:
    """Return a route with the n-th value of each parameter; a short list begins again."""
    return PARAMETER.sub(lambda at: str(values[at[1]][number % len(values[at[1]])]), route)


def parameter(name: str, called: str) -> list[Any]:
    """Return what may stand for a parameter of a route, from rows that exist."""
    known: dict[str, list[Any]] = {
        "object_id": [row_of(name)],
        "pk": [row_of(name)],
        "name": [*actions_of(name), NO_ACTION],
        "id": [User.objects.get().pk],
        "content_type_id": [ContentType.objects.get_for_model(User).pk],
        "app_label": ["tenants", "connect", "portal"],
        "url": ["nowhere"],
        "org_id": [Tenant.objects.values_list("org_id", flat=True)[0]],
    }
    assert called in known, f"say in this test what fills <{called}> of {name}"
    return known[called]


def model_of(name: str) -> type[Model] | None:
    """Return the model that a route of the admin is about."""
    for model in admin.site._registry:
        if name.startswith(f"{model._meta.app_label}_{model._meta.model_name}_"):
            return model
    return None


def actions_of(name: str) -> list[str]:
    model = model_of(name)
    return list(registry.of(model)) if model else []


def row_of(name: str) -> Any:
    """Return the key of a row of the model that a route of the admin is about."""
    model = model_of(name)
    if model:
        return model._default_manager.values_list("pk", flat=True).first() or 1
    return User.objects.values_list("pk", flat=True).get()


def state() -> dict[str, str]:
    """Return a fingerprint of every table's rows."""
    tables = sorted(set(connection.introspection.table_names()) - NOT_STATE)
    each = (
        "SELECT '{0}', coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') FROM \"{0}\" t"
    )
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(each.format(table) for table in tables))
        return dict(cursor.fetchall())


def changed(before: dict[str, str]) -> set[str]:
    """Return the tables whose rows are no longer what they were."""
    return {table for table, rows_ in state().items() if rows_ != before[table]}


@pytest.fixture
def world(five: dict[str, Tenant]) -> dict[str, Tenant]:
    strangers.make(1)
    rows.switches()
    return five


def kinds(address: str) -> set[Hashable]:
    """Return the view of an address, with the action's name where it has one."""
    try:
        match = resolve(address)
    except Resolver404:  # what a pattern allows besides
        return {address}
    return {(match.func.__qualname__, match.kwargs.get("name"))}


@pytest.mark.parametrize(
    ("who", "query", "every"),
    [
        pytest.param("superuser", AS_IF_PRESSED, False, id="superuser-as if pressed-each kind"),
        pytest.param("stranger", AS_IF_PRESSED, True, id="stranger-as if pressed"),
        pytest.param(
            "superuser", AS_IF_PRESSED, True, id="superuser-as if pressed", marks=pytest.mark.every
        ),
        pytest.param("superuser", "", True, id="superuser-plainly", marks=pytest.mark.thorough),
        pytest.param("stranger", "", True, id="stranger-plainly", marks=pytest.mark.thorough),
    ],
)
def test_looking_changes_nothing_and_shows_no_token(
    superuser: Client, world: dict[str, Tenant], who: str, query: str, every: bool
) -> None:
    client = superuser if who == "superuser" else Client()
    User.objects.get_or_create(username="root")
    asked = [path for name, path in addresses(world["acme"]) if name != HURRIES]
    assert len(asked) > 100
    before = state()
    for address in asked if every else one_of_each(asked, kinds):
        answer = client.get(f"{address}{query}")
        assert answer.status_code < 500, address
        assert not any(token.encode() in answer.getvalue() for token in TOKENS), address
    assert changed(before) == set()


def test_coming_back_from_heroku_connect_queues_one_look_and_notes_the_return(
    world: dict[str, Tenant],
) -> None:
    OrmQ.objects.all().delete()
    before = state()
    Client().get(urlsplit(connect_links.auth_complete_url(world["borealis"])).path)
    # The row is marked with its task, so that the sweep queues no second one.
    assert changed(before) == {"connect_connection", "django_q_ormq", "tenants_event"}
    assert [task.task["func"] for task in OrmQ.objects.all()] == [
        "connect.provisioning.reconciler.advance"
    ]


def test_no_log_line_shows_a_link_of_a_subscriber(world: dict[str, Tenant]) -> None:
    with_link = {name for name, route in routes(get_resolver()) if "<str:signed>" in route}
    assert with_link == SUBSCRIBERS.keys()
    for link in SUBSCRIBERS.values():
        path = urlsplit(link(world["acme"])).path
        assert path.rpartition("/")[2] not in redact(f"Internal Server Error: {path}")
