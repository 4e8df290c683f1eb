"""The read API: pages, ETags, scopes, limits, and errors that say what to do."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client, RequestFactory
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from connect.models import Incident, IncidentStatus
from portal import audit
from portal.integrations import tokens
from portal.integrations.api import endpoint
from portal.integrations.models import ApiToken, Scope
from portal.models import AuditEntry, AuditKind
from tenants.models import Tenant
from tests import cast
from tests.portal.admin import rows, strangers

pytestmark = pytest.mark.django_db
TENANTS, HEALTH, DOCUMENT = "/api/v1/tenants", "/api/v1/health", "/api/v1/openapi.json"
ACME = f"{TENANTS}/{cast.ACME['org_id']}"


def token(*scopes: Scope, **fields: Any) -> str:
    """Store a token; return its secret."""
    end = timezone.now() + timedelta(days=1)
    row = ApiToken(name="Billing", made_by="mia", **{"expires_at": end, **fields})
    row.scopes = list(scopes or Scope)
    secret = tokens.fill(row)
    row.save()
    return secret


def ask(client: Client, address: str, secret: str, **more: Any) -> Any:
    return client.get(address, headers={"Authorization": f"Bearer {secret}", **more})


def test_a_tenant_is_what_staff_see_without_a_persons_data(client: Client) -> None:
    five = rows.five()
    answer = ask(client, ACME, token(Scope.TENANTS))
    assert answer.status_code == 200
    found = answer.json()
    assert found["name"] == five["acme"].name
    assert found["standing"]["word"] == "live"
    assert found["schema"] == f"sf_{five['acme'].org_id.lower()}_1"
    assert "@" not in answer.content.decode()
    dune = ask(client, f"{TENANTS}/{five['dune'].org_id}", token(Scope.TENANTS)).json()
    assert dune["standing"]["needs_attention"]
    assert "deprovisioned" in dune["standing"]["reason"]


def test_all_tenants_are_found_page_by_page_each_once(client: Client) -> None:
    strangers.connected(range(7))
    secret, address, seen = token(Scope.TENANTS), f"{TENANTS}?limit=3", []
    while address:
        page = ask(client, address.replace("http://testserver", ""), secret).json()
        seen += [each["org_id"] for each in page["tenants"]]
        # One that registers in between moves no other.
        Tenant.objects.get_or_create(org_id=cast.BOREALIS["org_id"])
        address = page["next"]
    wanted = list(Tenant.objects.order_by("org_id").values_list("org_id", flat=True))
    assert [each for each in wanted if each != cast.BOREALIS["org_id"]] == [
        each for each in seen if each != cast.BOREALIS["org_id"]
    ]
    assert len(seen) == len(set(seen))


def test_tenants_are_filtered_by_their_standing(client: Client) -> None:
    five, secret = rows.five(), token(Scope.TENANTS)
    wanted = {"live": "acme", "blocked": "dune", "offboarded": "ember"}
    for word, name in wanted.items():
        (found,) = ask(client, f"{TENANTS}?standing={word}", secret).json()["tenants"]
        assert found["org_id"] == five[name].org_id
        assert found["standing"]["word"] == word
    assert ask(client, f"{TENANTS}?standing=new", secret).json()["tenants"] == []


def test_a_page_costs_as_many_statements_at_any_length(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    secret = token(Scope.TENANTS)
    strangers.connected(range(3))
    ask(client, TENANTS, secret)  # notes the use of the token
    # The token, its bucket in a savepoint of the test, the tenants, their connections, and two for
    # how they stand.
    with django_assert_num_queries(8):
        ask(client, TENANTS, secret)
    strangers.connected(range(3, 20))
    with django_assert_num_queries(8):
        ask(client, TENANTS, secret)


def test_health_counts_the_fleet(client: Client) -> None:
    rows.five()
    now = timezone.now()
    Incident.objects.create(
        kind="stale", text="Not looked at.", status=IncidentStatus.OPEN, needs_person_since=now
    )
    found = ask(client, HEALTH, token(Scope.HEALTH)).json()
    assert found["standings"]["live"] == 1
    assert found["standings"]["blocked"] == 1
    assert "offboarded" not in found["standings"]
    assert found["open_incidents"] == {"stale": 1}
    assert found["incidents_needing_a_person"] == 1


def test_an_answer_that_has_not_changed_is_304(client: Client) -> None:
    acme, secret = cast.enrol(cast.ACME), token(Scope.TENANTS)
    first = ask(client, ACME, secret)
    again = ask(client, ACME, secret, **{"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    Tenant.objects.filter(pk=acme.pk).update(name="Acme Ltd")
    changed = ask(client, ACME, secret, **{"If-None-Match": first["ETag"]})
    assert changed.status_code == 200
    assert changed["ETag"] != first["ETag"]
    assert "Authorization" in changed["Vary"]


def assert_problem(answer: Any, status: int, words: str) -> None:
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    found = answer.json()
    assert found["status"] == status
    assert words in found["detail"]
    assert found["request_id"] == answer["X-Request-ID"]


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic bWlhOnNlY3JldA==",
        "Bearer mct_unknown",
        "Bearer \x00",
        "Bearer ünï",
        "Bearer " + "x" * 8000,
    ],
)
def test_without_a_valid_token_nothing_is_answered(client: Client, header: str) -> None:
    cast.enrol(cast.ACME)
    answer = client.get(TENANTS, headers={"Authorization": header} if header else {})
    assert_problem(answer, 401, "token")
    assert answer["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("end", ["expired", "revoked"])
def test_an_ended_token_is_refused_and_that_is_noted(client: Client, end: str) -> None:
    past = timezone.now() - timedelta(seconds=1)
    fields = {"expires_at": past} if end == "expired" else {"revoked_at": past}
    assert_problem(ask(client, TENANTS, token(**fields)), 401, "expired or revoked")
    assert AuditEntry.objects.get().kind == AuditKind.DENIED


def test_a_token_opens_what_its_scopes_say_alone(client: Client) -> None:
    tenants, health = token(Scope.TENANTS), token(Scope.HEALTH)
    assert ask(client, TENANTS, tenants).status_code == 200
    assert ask(client, HEALTH, health).status_code == 200
    for address, secret in ((HEALTH, tenants), (TENANTS, health), (ACME, health)):
        answer = ask(client, address, secret)
        assert_problem(answer, 403, "lacks the scope")
        assert "insufficient_scope" in answer["WWW-Authenticate"]


def test_a_digest_is_no_token(client: Client) -> None:
    token()
    assert_problem(ask(client, TENANTS, ApiToken.objects.get().digest), 401, "unknown")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("?limit=0", "limit"),
        ("?limit=501", "limit"),
        ("?limit=-1", "limit"),
        ("?limit=1e2", "limit"),
        ("?limit=" + "9" * 5000, "limit"),
        ("?limit=٣", "limit"),
        ("?limit=%00", "limit"),
        ("?after=x", "after"),
        ("?after=%00", "after"),
        ("?after=00DB00000002NDm", "after"),
        ("?standing=healthy", "standing"),
        ("?standing=%00", "standing"),
        ("?admin_email__regex=^ops", "Unknown parameters"),
        ("?page=2", "Unknown parameters"),
        ("?limit=5&limit=7", "“limit” is given twice."),
    ],
)
def test_a_wrong_parameter_is_a_400_that_says_what_is_right(
    client: Client, query: str, words: str
) -> None:
    assert_problem(ask(client, f"{TENANTS}{query}", token()), 400, words)


@pytest.mark.parametrize(
    "path",
    ["00DB00000002NDm", "x", "%00", "00DB00000002NDmMAM%0a", "' OR 1=1", "..%2f..", "9" * 3000],
)
def test_a_tenant_that_is_not_there_is_a_404(client: Client, path: str) -> None:
    answer = ask(client, f"{TENANTS}/{path}", token())
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("address", ["/api/", "/api/v1/", "/api/v2/tenants", "/api/v1/tenants/"])
def test_an_unknown_address_is_a_problem_too(client: Client, address: str) -> None:
    assert_problem(client.get(address), 404, "address")


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options"])
def test_nothing_can_be_written(client: Client, method: str) -> None:
    headers = {"Authorization": f"Bearer {token()}"}
    answer = getattr(client, method)(TENANTS, headers=headers)
    assert_problem(answer, 405, "GET, HEAD")
    assert answer["Allow"] == "GET, HEAD"


def test_a_body_of_ten_megabytes_is_refused_unread(client: Client) -> None:
    answer = client.generic("GET", TENANTS, b"x" * 10_000_000)
    assert_problem(answer, 413, "no body")


def test_a_token_may_call_so_often_an_hour(client: Client, settings: Settings) -> None:
    settings.API_CALLS_PER_HOUR = 2
    mine, other = token(), token()
    assert [ask(client, HEALTH, mine).status_code for _ in range(3)] == [200, 200, 429]
    answer = ask(client, HEALTH, mine)
    assert_problem(answer, 429, "wait")
    assert int(answer["Retry-After"]) > 0
    assert ask(client, HEALTH, other).status_code == 200


def test_guesses_from_one_network_end_and_keep_no_right_token_out(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoint, "REFUSED_PER_HOUR", 2)
    guesses = [ask(client, HEALTH, f"mct_guess-{n}").status_code for n in range(3)]
    assert guesses == [401, 401, 429]
    assert ask(client, HEALTH, token()).status_code == 200


def test_guesses_of_tokens_leave_room_for_what_else_is_noted_of_a_network(client: Client) -> None:
    for number in range(audit.NOTED + 1):
        ask(client, HEALTH, f"mct_guess-{number}")
    assert AuditEntry.objects.count() == audit.NOTED
    request = RequestFactory().get("/")
    audit.note_few(AuditKind.SIGN_IN_REFUSED, "Too many attempts", request=request)
    assert AuditEntry.objects.count() == audit.NOTED + 1


def test_the_last_use_is_noted_once_a_minute(client: Client) -> None:
    secret = token()
    ask(client, HEALTH, secret)
    first = ApiToken.objects.get().last_used_at
    assert first
    ask(client, HEALTH, secret)
    assert ApiToken.objects.get().last_used_at == first


@pytest.mark.parametrize("address", [TENANTS, ACME, HEALTH, DOCUMENT])
def test_it_is_not_there_while_it_is_off(client: Client, settings: Settings, address: str) -> None:
    settings.READ_API = False
    assert_problem(ask(client, address, token()), 404, "address")


def test_maintenance_is_a_problem_too(client: Client, settings: Settings) -> None:
    settings.MAINTENANCE = "We move."
    answer = client.get(TENANTS)
    assert_problem(answer, 503, "We move.")
    assert answer["Retry-After"]


def test_a_browser_that_is_signed_in_opens_nothing(superuser: Client) -> None:
    assert superuser.get(TENANTS).status_code == 401


def test_no_cookie_is_set(client: Client) -> None:
    assert not ask(client, TENANTS, token()).cookies
