"""Renewing and handing back what an admin allowed, over real HTTP to the emulator."""

import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections, transaction
from pytest_django.fixtures import Settings

import emulator as emulated
from tenants import consent, grants, hosts, links, whole
from tenants.models import EventKind, GrantStatus, SalesforceGrant, Tenant
from tests import cast
from tests.tenants.salesforce import calls, control, fail, sign_in

TOKEN = "/token$"


@pytest.fixture
def grant(emulator: emulated.Running) -> SalesforceGrant:
    """Acme's grant, fresh from a sign-in."""
    return sign_in(emulator, cast.enrol(cast.ACME))


def now(grant: SalesforceGrant) -> SalesforceGrant:
    return SalesforceGrant.objects.get(pk=grant.pk)


@pytest.mark.django_db
def test_the_kept_token_is_handed_out_without_a_call(
    grant: SalesforceGrant, emulator: emulated.Running
) -> None:
    before = calls(emulator, "")
    assert grants.access_token(grant.tenant_id) == grant.access_token
    assert calls(emulator, "") == before


@pytest.mark.django_db
def test_without_a_sign_in_there_is_no_token() -> None:
    tenant = cast.enrol(cast.ACME)
    for use in (grants.access_token, lambda pk: grants.refresh(pk, stale="x")):
        with pytest.raises(grants.GrantLost, match="Nobody from this org has signed in"):
            use(tenant.pk)
    grants.revoke(tenant.pk)  # nothing to revoke is not an error


@pytest.mark.django_db
def test_a_refresh_keeps_both_new_tokens(
    grant: SalesforceGrant, emulator: emulated.Running
) -> None:
    token = grants.refresh(grant.tenant_id, stale=grant.access_token)
    renewed = now(grant)
    assert token == renewed.access_token != grant.access_token
    assert renewed.refresh_token != grant.refresh_token
    assert renewed.refreshed_at is not None
    assert renewed.issued_at == grant.issued_at
    again = grants.refresh(grant.tenant_id, stale=token)  # and so the chain goes on
    assert again == now(grant).access_token != token


@pytest.mark.django_db
def test_where_tokens_are_not_rotated_the_old_one_is_kept(
    grant: SalesforceGrant, emulator: emulated.Running
) -> None:
    control(emulator, "behaviour", {"rotate_refresh_tokens": False})
    grants.refresh(grant.tenant_id, stale=grant.access_token)
    assert now(grant).refresh_token == grant.refresh_token


@pytest.mark.django_db
def test_a_caller_with_an_old_token_gets_the_new_one_without_a_call(
    grant: SalesforceGrant, emulator: emulated.Running
) -> None:
    new = grants.refresh(grant.tenant_id, stale=grant.access_token)
    before = calls(emulator, TOKEN)
    assert grants.refresh(grant.tenant_id, stale=grant.access_token) == new
    assert calls(emulator, TOKEN) == before


@pytest.mark.django_db(transaction=True)
def test_ten_threads_with_the_same_stale_token_make_one_call(
    grant: SalesforceGrant, emulator: emulated.Running
) -> None:
    def refresh(_: int) -> str:
        try:
            return grants.refresh(grant.tenant_id, stale=grant.access_token)
        finally:
            connections.close_all()

    before = calls(emulator, TOKEN)
    control(emulator, "faults", {"system": "salesforce", "path": TOKEN, "delay": 0.1})
    with ThreadPoolExecutor(10) as threads:
        tokens = set(threads.map(refresh, range(10)))
    assert tokens == {now(grant).access_token}
    assert calls(emulator, TOKEN) == before + 1
    assert grants.refresh(grant.tenant_id, stale=tokens.pop())  # the family is alive


@pytest.mark.django_db(transaction=True)
def test_a_refresh_refuses_to_run_where_a_rollback_could_lose_its_token(
    grant: SalesforceGrant, emulator: emulated.Running
) -> None:
    before = calls(emulator, TOKEN)
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        grants.refresh(grant.tenant_id, stale=grant.access_token)
    assert calls(emulator, TOKEN) == before


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "answer",
    [
        {"error": "invalid_grant", "error_description": "expired access/refresh token"},
        {"error": "inactive_user", "error_description": "user is inactive"},
    ],
)
def test_a_lost_grant_is_noted_once_and_never_asked_for_again(
    grant: SalesforceGrant, emulator: emulated.Running, answer: dict[str, str]
) -> None:
    fail(emulator, TOKEN, status=400, body=answer)
    with pytest.raises(grants.GrantLost, match=answer["error"]):
        grants.refresh(grant.tenant_id, stale=grant.access_token)
    assert now(grant).status == GrantStatus.REFUSED
    before = calls(emulator, "")
    for _ in range(2):
        with pytest.raises(grants.GrantLost, match="no longer valid"):
            grants.refresh(grant.tenant_id, stale=grant.access_token)
        with pytest.raises(grants.GrantLost):
            grants.access_token(grant.tenant_id)
    assert calls(emulator, "") == before
    event = grant.tenant.events.get(kind=EventKind.GRANT_LOST)
    assert answer["error_description"] in event.text


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fault", "retry"),
    [
        ({"status": 500}, True),
        ({"status": 503, "html": True}, True),
        ({"status": 429}, True),
        ({"drop": "before"}, True),
        ({"status": 200, "html": True}, True),
        ({"status": 200, "body": {"no": "token"}}, True),
        ({"status": 400, "body": {"error": "invalid_client"}}, False),
        ({"status": 400, "body": {"error": "invalid_client_id"}}, False),
        ({"status": 404, "html": True}, False),
        ({"status": 302, "headers": {"Location": "https://evil.example/"}}, False),
    ],
)
def test_a_grant_error_tells_whether_a_retry_may_help(
    grant: SalesforceGrant, emulator: emulated.Running, fault: dict[str, Any], retry: bool
) -> None:
    fail(emulator, TOKEN, **fault)
    with pytest.raises(grants.GrantError, match="did not renew the portal's access") as trouble:
        grants.refresh(grant.tenant_id, stale=grant.access_token)
    assert trouble.value.retry is retry
    assert now(grant).status == GrantStatus.ACTIVE
    assert grants.refresh(grant.tenant_id, stale=grant.access_token)


@pytest.mark.django_db
def test_salesforce_out_of_reach_is_trouble_that_passes(
    grant: SalesforceGrant, settings: Settings
) -> None:
    settings.SALESFORCE_MY_DOMAIN_URL = "http://127.0.0.1:9"
    with pytest.raises(grants.GrantError) as trouble:
        grants.refresh(grant.tenant_id, stale=grant.access_token)
    assert trouble.value.retry


@pytest.mark.django_db
def test_new_tokens_are_kept_even_beside_a_foreign_instance(
    grant: SalesforceGrant, emulator: emulated.Running
) -> None:
    answer = {"access_token": "00Dx!new", "refresh_token": "5Aepnew", "instance_url": "https://e.x"}
    fail(emulator, TOKEN, status=200, body=answer)
    assert grants.refresh(grant.tenant_id, stale=grant.access_token) == "00Dx!new"
    kept = now(grant)
    assert (kept.refresh_token, kept.instance_url) == ("5Aepnew", grant.instance_url)


@pytest.mark.django_db
def test_a_revoked_grant_is_dead_at_salesforce_and_its_tokens_are_forgotten(
    grant: SalesforceGrant, emulator: emulated.Running
) -> None:
    grants.revoke(grant.tenant_id)
    kept = now(grant)
    assert kept.status == GrantStatus.REVOKED
    assert (kept.access_token, kept.refresh_token) == ("", "")
    assert [each["revoked"] for each in emulator.grants()] == [True]
    before = calls(emulator, "")
    grants.revoke(grant.tenant_id)
    assert calls(emulator, "") == before


@pytest.mark.django_db
@pytest.mark.parametrize("error", ["invalid_token", "unsupported_token_type"])
def test_a_grant_that_is_dead_already_counts_as_revoked(
    grant: SalesforceGrant, emulator: emulated.Running, error: str
) -> None:
    fail(emulator, "/revoke", status=400, body={"error": error})
    grants.revoke(grant.tenant_id)
    assert now(grant).status == GrantStatus.REVOKED


@pytest.mark.django_db
def test_a_refused_grant_is_revoked_without_a_call(
    grant: SalesforceGrant, emulator: emulated.Running
) -> None:
    SalesforceGrant.objects.update(status=GrantStatus.REFUSED)
    before = calls(emulator, "")
    grants.revoke(grant.tenant_id)
    assert (now(grant).status, calls(emulator, "")) == (GrantStatus.REVOKED, before)


@pytest.mark.django_db
def test_a_revocation_that_failed_leaves_the_grant_for_another_try(
    grant: SalesforceGrant, emulator: emulated.Running
) -> None:
    fail(emulator, "/revoke", status=503)
    with pytest.raises(grants.GrantError, match="did not revoke") as trouble:
        grants.revoke(grant.tenant_id)
    assert trouble.value.retry
    assert now(grant).refresh_token == grant.refresh_token
    SalesforceGrant.objects.update(instance_url="https://evil.example")
    with pytest.raises(grants.GrantError, match="may be called") as foreign:
        grants.revoke(grant.tenant_id)
    assert not foreign.value.retry


@pytest.mark.django_db
def test_no_token_reaches_the_log_or_an_error(
    grant: SalesforceGrant, emulator: emulated.Running, caplog: pytest.LogCaptureFixture
) -> None:
    tokens = [grant.access_token, grant.refresh_token]
    shown = []
    with caplog.at_level(logging.DEBUG):
        for fault in ({"status": 500}, {"status": 400, "body": {"error": "x"}}):
            fail(emulator, TOKEN, **fault)
            with pytest.raises(grants.GrantError) as trouble:
                grants.refresh(grant.tenant_id, stale=grant.access_token)
            shown.append(repr(trouble.value) + repr(trouble.value.__cause__))
        grants.refresh(grant.tenant_id, stale=grant.access_token)
        tokens += [now(grant).access_token, now(grant).refresh_token]
        grants.revoke(grant.tenant_id)
    for token in tokens:
        assert token not in caplog.text + "".join(shown) + repr(grant)


@pytest.mark.django_db
def test_a_consent_never_shows_its_tokens() -> None:
    given = consent.Consent.of(ANSWER)
    assert "secret" not in repr(given)
    assert given.org_id == cast.ACME["org_id"]


ANSWER = {
    "organization_id": "00DB00000002NDm",
    "username": "ops@acme.example",
    "user_id": "005xx000001SwiUAAS",
    "scope": "api",
    "instance_url": "https://acme.my.salesforce.com/",
    "id": "https://login.salesforce.com/id/00D/005",
    "issued_at": "1795478400000",
    "access_token": "secret-a",
    "refresh_token": "secret-r",
}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"refresh_token": None}, "refresh_token is missing"),
        ({"username": ""}, "username is missing"),
        ({"user_id": "0" * 19}, "user_id"),
        ({"scope": ["api"]}, "scope"),
        ({"organization_id": "001"}, "organization_id: An organization id"),
        ({"instance_url": "https://acme.evil.example"}, "may be called"),
        ({"id": "http://login.salesforce.com/id"}, "may be called"),
    ],
)
def test_an_answer_that_lacks_something_is_refused(changes: dict[str, Any], why: str) -> None:
    with pytest.raises((consent.InvalidAnswer, hosts.HostNotAllowed), match=why):
        consent.Consent.of({**ANSWER, **changes})


@pytest.mark.parametrize("moment", [None, "", "soon", "9" * 40, {}])
def test_an_unreadable_time_of_issue_is_now(moment: Any) -> None:
    assert consent.Consent.of({**ANSWER, "issued_at": moment}).issued_at.year >= 2026


@pytest.mark.django_db
@pytest.mark.parametrize("end", ["off-boarded", "erased"])
def test_a_tenant_that_left_in_the_meantime_gets_no_grant(end: str) -> None:
    tenant = cast.enrol(cast.ACME)
    left = Tenant.objects.filter(pk=tenant.pk)
    if end == "erased":
        whole.erase(tenant.pk, actor="mia")
    else:
        left.update(offboarded_at=tenant.registered_at)
    with pytest.raises(links.BadLink):
        consent.store(tenant.pk, consent.Consent.of(ANSWER))
    assert not SalesforceGrant.objects.exists()
