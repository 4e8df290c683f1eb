"""Find anything: by any id that staff hold, within what the person may see, always by an index."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from connect.models import Health, HostApp, Incident, MappingTemplate, Rollout
from portal import roles
from portal.models import BulkRun
from tenants.models import Callout, Event, Message, Tenant
from tests.portal.admin import rows, strangers
from tests.portal.admin.conftest import SignIn

pytestmark = pytest.mark.django_db
OPTIONS = "/admin/find/options/"
MAX_QUERIES = 8  # of the search itself; the session, the user and the rights come before
FLEET = 3000  # tenants: enough that Postgres prefers an index
A_FEW = 50  # rows of one table
REQUEST = "6c2b1f0e-77aa-4a31-9d2c-0f5b3c1d2e4f"


def found(client: Client, text: str) -> dict[str, list[tuple[str, str, str]]]:
    """Return what the field offers: title, badge and address, by kind."""
    html = " ".join(client.get(OPTIONS, {"q": text}).text.split())
    kinds = {}
    for part in html.split('role="group"')[1:]:
        name = re.search(r'role="presentation"[^>]*>([^<]+)<', part)
        assert name
        kinds[name.group(1)] = re.findall(
            r'href="([^"]+)"><span class="find-title">([^<]+)</span>'
            r'(?: <span class="badge badge-(\w+)">)?',
            part,
        )
    return {
        kind: [(title, tone, address) for address, title, tone in each]
        for kind, each in kinds.items()
    }


@pytest.fixture
def everything(five: dict[str, Tenant]) -> dict[str, Any]:
    """One of each kind, with the number 4711 or a foreign id."""
    now = timezone.now()
    acme = five["acme"]
    link = acme.connections.get()
    Incident.objects.create(
        pk=4711, kind="unauthorized", connection=link, status="open", opened_at=now, text="x"
    )
    Rollout.objects.create(pk=4711, author="mia", status="done", notes="Adds the phone field.")
    MappingTemplate.objects.create(version=4711, document=rows.DOCUMENT, notes="With phones.")
    BulkRun.objects.create(pk=4711, action="pause", label="Pause", about="Acme", total=1)
    Callout.objects.create(request_id=REQUEST, body=b"{}", status=202, outcome="New.")
    Message.objects.create(key="k", kind="live", to="it@acme.example", provider_id="msg_8f3a1c")
    Event.objects.create(tenant=acme, kind="trouble", text="No.", data={"request_id": REQUEST})
    return {"tenant": acme, "connection": link}


@pytest.mark.parametrize("typed", ["acme", "ACME söhne", "00D", "acme.example"])
def test_a_tenant_is_found_by_name_org_id_and_e_mail_with_how_it_stands(
    viewer: Client, five: dict[str, Tenant], typed: str
) -> None:
    acme = five["acme"]
    address = f"/admin/tenants/tenant/{acme.pk}/change/"
    assert ("Acme &amp; Söhne &quot;West&quot;", "good", address) in found(viewer, typed)["Tenants"]


def test_an_org_id_of_15_characters_is_enough(viewer: Client, five: dict[str, Tenant]) -> None:
    (tenant,) = found(viewer, five["dune"].org_id[:15])["Tenants"]
    assert tenant[:2] == ("Dune Ltd", "bad")


@pytest.mark.parametrize("field", ["addon_name", "addon_id", "connection_id", "schema_name"])
def test_a_connection_is_found_by_each_of_its_ids(
    viewer: Client, five: dict[str, Tenant], field: str
) -> None:
    link = five["acme"].connections.get()
    kinds = found(viewer, getattr(link, field))
    assert [each[2] for each in kinds["Connections"]] == [
        f"/admin/connect/connection/{link.pk}/change/"
    ]
    assert len(kinds["Tenants"]) == 1


@pytest.mark.parametrize("typed", ["4711", "#4711", "incident 4711", "Roll-out #4711", "v4711"])
def test_a_number_finds_the_incident_roll_out_version_and_run(
    viewer: Client, everything: dict[str, Any], typed: str
) -> None:
    kinds = found(viewer, typed)
    assert kinds["Incidents"][0][:2] == ("Incident 4711: Salesforce authorization lost", "bad")
    assert kinds["Roll-outs"][0][:2] == ("Roll-out 4711 by mia", "good")
    assert kinds["Mapping versions"][0][0] == "Version 4711"
    assert kinds["Bulk runs"][0][:2] == ("Run 4711: Pause", "busy")


def test_a_request_id_finds_the_callout_and_the_event(
    viewer: Client, everything: dict[str, Any]
) -> None:
    kinds = found(viewer, REQUEST)
    assert kinds["Callouts"][0][:2] == (f"Callout of request {REQUEST}", "good")
    assert len(kinds["Events"]) == 1


def test_a_message_is_found_by_the_providers_id(viewer: Client, everything: dict[str, Any]) -> None:
    assert found(viewer, "msg_8f3a1c")["Messages"][0][0] == "You are live"


def test_a_host_app_is_found_by_the_beginning_of_its_name(
    viewer: Client, five: dict[str, Tenant]
) -> None:
    HostApp.objects.create(name="quay-eu", region="eu")
    assert [each[0] for each in found(viewer, "quay")["Host apps"]] == ["quay-eu"]


def test_the_open_incidents_of_a_tenant_are_found_by_its_name(
    viewer: Client, everything: dict[str, Any]
) -> None:
    assert found(viewer, "acme")["Incidents"][0][0].startswith("Incident 4711")


@pytest.mark.parametrize(
    ("typed", "kind", "title"),
    [
        ("provisioning", "Pages", "Kill switch: Provisioning"),
        ("kill switch", "Pages", "Kill switches"),
        ("audit", "Pages", "Audit trail"),
        ("mapping templates", "Pages", "Versions"),
        ("passkey", "Pages", "Second factors"),
        ("snooze", "Actions", "Snooze"),
    ],
)
def test_pages_and_actions_are_found_by_name(
    superuser: Client, typed: str, kind: str, title: str
) -> None:
    titles = [each[0] for each in found(superuser, typed)[kind]]
    assert any(each.startswith(title) for each in titles), titles


def test_who_has_a_password_finds_its_page(superuser: Client) -> None:
    assert "Pages" not in found(superuser, "password")
    person = User.objects.get(username="root")
    person.set_password("a-long-and-good-one-4711")
    person.save()
    superuser.force_login(person)
    assert [each[0] for each in found(superuser, "password")["Pages"]] == ["Your password"]


def test_a_person_finds_only_what_the_role_shows(
    sign_in: SignIn, everything: dict[str, Any]
) -> None:
    client = sign_in(roles.VIEWER)
    assert "Audit trail" not in [each[0] for each in found(client, "audit").get("Pages", [])]
    assert "Off-board" not in str(found(client, "off-board").get("Actions"))
    Group.objects.get(name=roles.VIEWER).permissions.clear()
    for typed in ("acme", "4711", REQUEST, "msg_8f3a1c", "incidents"):
        assert found(client, typed) == {}, typed


def test_nobody_finds_anything_before_logging_in(client: Client) -> None:
    for address in (OPTIONS, "/admin/find/"):
        assert client.get(address, {"q": "acme"}).status_code == 302


def test_without_a_script_the_same_is_a_page(viewer: Client, everything: dict[str, Any]) -> None:
    html = viewer.get("/admin/find/", {"q": "acme"}).text
    assert 'value="acme"' in html
    assert f'/admin/tenants/tenant/{everything["tenant"].pk}/change/"' in html
    assert "Nothing found for “zzz”" in viewer.get("/admin/find/", {"q": "zzz"}).text
    assert "at least two characters" in viewer.get("/admin/find/").text
    assert viewer.post("/admin/find/", {"q": "acme"}).status_code == 405


@pytest.mark.parametrize(
    "typed",
    [
        *("\x00", "a\x00b", "%", "_%", "'", '"', "\\", "a' OR 1=1 --", "& | ! :*", "():*"),
        *("9" * 9, "9" * 400, "v0", "#", "/", "-", "é" * 300, "𝕬𝖈𝖒𝖊 🚀", "\u202eacme", "²", "١٢٣"),
    ],
)
def test_odd_input_is_answered(viewer: Client, five: dict[str, Tenant], typed: str) -> None:
    for address in (OPTIONS, "/admin/find/"):
        assert viewer.get(address, {"q": typed}).status_code == (400 if "\x00" in typed else 200)


def test_a_kind_with_more_results_leads_to_all_of_them(viewer: Client) -> None:
    strangers.make(9)
    html = viewer.get(OPTIONS, {"q": "stranger"}).text
    assert html.count("/admin/tenants/tenant/") == 6 + 1
    assert 'href="/admin/tenants/tenant/?q=stranger"' in html


# --- cost ----------------------------------------------------------------------------------------

SEARCHES = ("stranger", "00D", "4711", REQUEST, "it@acme.example", "hc-abc123")


def searched(client: Client, text: str) -> list[str]:
    """Return the queries of a search, without those of the session and the rights."""
    client.get(OPTIONS, {"q": text})
    with CaptureQueriesContext(connection) as seen:
        client.get(OPTIONS, {"q": text})
    of_person = re.compile(r'FROM "(django_session|auth_\w+|portal_preferences)"|SAVEPOINT')
    return [each["sql"] for each in seen if not of_person.search(each["sql"])]


@pytest.mark.parametrize("typed", SEARCHES)
def test_a_search_costs_at_most_eight_queries(
    viewer: Client, everything: dict[str, Any], typed: str
) -> None:
    strangers.make(8)
    assert len(searched(viewer, typed)) <= MAX_QUERIES


def test_a_search_reads_a_few_rows_of_a_large_fleet(
    viewer: Client, everything: dict[str, Any]
) -> None:
    links = strangers.connected(range(100, 100 + FLEET))
    tenants = [each.tenant for each in links]
    rows.stored(Health(connection=each, sampled_at=timezone.now()) for each in links)
    rows.stored(Callout(body=b"{}", status=202, tenant=each) for each in tenants)
    rows.stored(rows.unsaved_message(each) for each in tenants)
    rows.stored(Event(tenant=each, kind="registered", text="Registered.") for each in tenants)
    rows.stored(Incident(connection=each, kind="unauthorized", text="x") for each in links)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    for typed in SEARCHES:
        for query in searched(viewer, typed):
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {query}")
                plan = cursor.fetchone()[0]
            read = dict(rows_read(plan if isinstance(plan, list) else json.loads(plan)))
            assert max(read.values(), default=0) <= A_FEW, (typed, read, query)


def rows_read(node: Any) -> Iterator[tuple[str, float]]:
    """Yield each table of a plan with how many of its rows a step read."""
    if isinstance(node, list):
        for each in node:
            yield from rows_read(each)
    if not isinstance(node, dict):
        return
    if "Relation Name" in node:
        kept = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
        yield node["Relation Name"], kept * node["Actual Loops"]
    for each in node.values():
        yield from rows_read(each)
