"""POST /organizations: each status of the contract."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from django.db import IntegrityError, connection, connections
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django.fixtures import Settings

from tenants import limits, orgs, registration, switches, tasks
from tenants.models import Callout, EventKind, OrgVerdict, RateBucket, Switch, Tenant
from tests import cast
from tests.tenants.callouts import (
    AS_IN_2016,
    BROKEN_AS_IN_2016,
    callout,
    post,
    post_signed,
    signed,
)


def document(answer: HttpResponse) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(answer.content)
    assert answer["Content-Type"] == "application/json"
    assert document["status"] == answer.status_code
    return document


def last_callout() -> Callout:
    return Callout.objects.latest("pk")


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/organizations", "/organizations/"])
def test_202_for_a_new_org_and_for_the_same_data_again(path: str) -> None:
    first, second = post(AS_IN_2016, path=path), post(AS_IN_2016, path=path)
    assert (first.status_code, second.status_code) == (202, 202)
    assert document(first) == document(second)
    outcomes = [each.outcome for each in Callout.objects.order_by("pk")]
    assert outcomes[0].startswith("Registered.")
    assert outcomes[1].startswith("This org is already registered")
    tenant = Tenant.objects.get()
    assert tenant.name == 'Acme & Söhne "West"'
    assert (
        list(Callout.objects.values_list("status", "tenant", "signed"))
        == [(202, tenant.pk, False)] * 2
    )


@pytest.mark.django_db
def test_202_for_a_form() -> None:
    form = "org_id=00DB00000002NDm&org_name=Acme&admin_email=ops%40acme.example"
    answer = post(form, "application/x-www-form-urlencoded; charset=utf-8")
    assert answer.status_code == 202, answer.content


@pytest.mark.django_db
def test_202_for_a_signed_callout_which_proves_the_org() -> None:
    assert post_signed(callout()).status_code == 202
    assert Tenant.objects.get().proof == "signed"
    assert last_callout().signed


@pytest.mark.django_db
def test_the_answer_waits_for_no_outside_system_and_only_queues_the_work() -> None:
    post_signed(callout())
    task = OrmQ.objects.get().task
    created = Tenant.objects.get().connections.get()
    assert created.queued_at
    assert (task["func"], task["args"]) == (
        "connect.provisioning.reconciler.advance",
        (created.pk, created.queued_at.isoformat()),
    )


@pytest.mark.django_db
def test_400_for_the_broken_json_of_2016_which_staff_can_see() -> None:
    answer = post(BROKEN_AS_IN_2016)
    assert answer.status_code == 400
    assert "line 1, column 93" in document(answer)["message"]
    assert "unescaped quote" in document(answer)["message"]
    kept = last_callout()
    assert (kept.text, kept.status, kept.tenant) == (BROKEN_AS_IN_2016, 400, None)
    assert "unescaped quote" in kept.outcome
    assert not Tenant.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "body",
    [b" ", b"\0", b"\xff\xfe", b"[" * 16_000, b'{"org_id": ' * 1_400, b"null", b'{"a":1,"a":2}'],
)
def test_400_for_anything_but_a_json_object(body: bytes) -> None:
    assert post(body).status_code == 400
    kept = last_callout()
    assert (bytes(kept.body), kept.truncated) == (body[:1024], len(body) > 1024)


@pytest.mark.django_db
def test_a_signed_body_is_kept_as_a_whole() -> None:
    body = callout(org_name="x" * 200, padding="y" * 2000)
    assert post_signed(body).status_code == 202
    assert bytes(last_callout().body) == json.dumps(body).encode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("body", "headers", "why"),
    [
        (AS_IN_2016, {"HTTP_X_MULTICONNECT_TIMESTAMP": "1"}, "send both headers"),
        (AS_IN_2016, signed(AS_IN_2016, secret="another"), "does not fit"),
        (AS_IN_2016 + " ", signed(AS_IN_2016), "does not fit"),
        (AS_IN_2016, signed(AS_IN_2016, age=100_000), "check the sender's clock"),
    ],
)
def test_401_for_a_signature_that_is_incomplete_bad_or_old(
    body: str, headers: dict[str, str], why: str
) -> None:
    answer = post(body, **headers)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"]
    assert why in document(answer)["message"]
    assert not Tenant.objects.exists()
    assert not last_callout().signed


@pytest.mark.django_db
def test_401_for_a_signature_that_is_replayed() -> None:
    headers = signed(AS_IN_2016)
    assert post(AS_IN_2016, **headers).status_code == 202
    answer = post(AS_IN_2016, **headers)
    assert answer.status_code == 401
    assert "already used" in document(answer)["message"]


@pytest.mark.django_db
def test_401_without_a_signature_where_the_settings_ask_for_one(settings: Settings) -> None:
    settings.REGISTRATION_SIGNATURE_REQUIRED = True
    answer = post(AS_IN_2016)
    assert answer.status_code == 401
    assert "A signature is required" in document(answer)["message"]
    assert post_signed(callout()).status_code == 202


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "head", "put", "patch", "delete", "options"])
def test_405_for_other_methods(method: str) -> None:
    answer = getattr(Client(), method)("/organizations")
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert not Callout.objects.exists()


@pytest.mark.django_db
def test_409_for_a_known_org_with_other_data() -> None:
    tenant = cast.enrol(cast.ACME)
    answer = post_signed(callout(admin_email="new@acme.example"))
    assert answer.status_code == 409
    tenant.refresh_from_db()
    assert tenant.admin_email == cast.ACME["admin_email"]
    assert tenant.events.filter(kind=EventKind.CONFLICT).exists()
    assert last_callout().tenant == tenant


@pytest.mark.django_db
def test_a_stranger_gets_the_same_answer_whatever_is_known() -> None:
    known, gone, blocked = (cast.enrol(each) for each in (cast.ACME, cast.BOREALIS, cast.DUNE))
    Tenant.objects.filter(pk=gone.pk).update(offboarded_at=timezone.now())
    orgs.decide(blocked.org_id, OrgVerdict.BLOCKED, actor="ada", why="Spam")
    answers = [
        post(callout(cast.ACME)),
        post(callout(cast.ACME, admin_email="eve@evil.example")),
        post(callout(cast.BOREALIS)),
        post(callout(cast.CIRRUS)),
        post(callout(cast.DUNE)),
    ]
    assert {(each.status_code, each.content) for each in answers} == {(202, answers[0].content)}
    # Staff see the difference.
    assert Callout.objects.filter(status=409, tenant=known).exists()
    assert Callout.objects.values("outcome").distinct().count() == 5


@pytest.mark.django_db
def test_413_over_16_kib_and_the_beginning_is_stored() -> None:
    body = callout(org_name="x" * 17_000)
    answer = post(body)
    assert answer.status_code == 413
    assert "16384" in document(answer)["message"]
    kept = last_callout()
    assert (len(bytes(kept.body)), kept.truncated) == (1024, True)
    assert post("{" + " " * 16_383).status_code == 400  # just as much as may be


@pytest.mark.django_db
@pytest.mark.parametrize("content_type", ["text/plain", "multipart/form-data", "a" * 300, "x\0y"])
def test_415_for_another_type_of_body(content_type: str) -> None:
    answer = post(AS_IN_2016, content_type)
    assert answer.status_code == 415
    assert last_callout().content_type == content_type.replace("\0", "")[:255]


@pytest.mark.django_db
def test_422_with_an_error_for_each_field() -> None:
    answer = post(callout(org_id="00DB00000002NDmAAA", admin_email=5))
    assert answer.status_code == 422
    assert document(answer)["errors"].keys() == {"org_id", "admin_email"}
    assert "org_id: The last three" in last_callout().outcome


@pytest.mark.django_db
def test_429_with_retry_after_keeps_nothing(settings: Settings) -> None:
    settings.REGISTRATIONS_PER_HOUR = 1
    assert post(AS_IN_2016).status_code == 202
    answer = post(AS_IN_2016)
    assert answer.status_code == 429
    assert 3500 < int(answer["Retry-After"]) <= 3600
    assert document(answer)["message"].startswith("Too many callouts")
    assert Callout.objects.count() == 1


@pytest.mark.django_db
def test_junk_from_strangers_does_not_lock_out_the_genuine_callout(settings: Settings) -> None:
    settings.REGISTRATIONS_PER_HOUR = 3
    for _ in range(3):
        post(f"junk {cast.ACME['org_id']}", **signed("another body"))
    assert post("junk").status_code == 429
    assert post_signed(callout()).status_code == 202


@pytest.mark.django_db
def test_a_replayed_signature_takes_nothing_from_the_genuine_callouts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "PER_ORG_PER_HOUR", 2)
    headers = signed(AS_IN_2016)
    assert post(AS_IN_2016, **headers).status_code == 202
    assert [post(AS_IN_2016, **headers).status_code for _ in range(3)] == [401, 401, 429]
    assert post_signed(callout()).status_code != 429


@pytest.mark.django_db
def test_only_so_many_unsigned_callouts_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "MAX_UNSIGNED", 3)
    post_signed(callout())
    for number in range(5):
        post(f"junk {number}")
    assert tasks.prune_callouts() == 2
    kept = [each.text[:6] for each in Callout.objects.order_by("pk")]
    assert kept == ['{"org_', "junk 2", "junk 3", "junk 4"]
    assert tasks.prune_callouts() == 0


@pytest.mark.django_db
def test_503_while_registrations_are_switched_off() -> None:
    Switch.objects.create(name=switches.REGISTRATIONS.name, on=False)
    headers = signed(AS_IN_2016)
    answer = post(AS_IN_2016, **headers)
    assert (answer.status_code, answer["Retry-After"]) == (503, "3600")
    assert last_callout().status == 503
    Switch.objects.update(on=True)
    assert post(AS_IN_2016, **headers).status_code == 202  # the signature was not used up


@pytest.mark.django_db
def test_500_keeps_the_callout_its_cause_and_its_signature(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("secret detail")

    headers = signed(AS_IN_2016)
    with monkeypatch.context() as patched:
        patched.setattr(registration, "register", fail)
        answer = post(AS_IN_2016, **headers)
    assert answer.status_code == 500
    assert "secret detail" not in document(answer)["message"]
    kept = last_callout()
    assert kept.status == 500
    assert "(ZeroDivisionError)" in kept.outcome
    assert "judging failed" in caplog.text
    assert post(AS_IN_2016, **headers).status_code == 202


@pytest.mark.django_db
def test_500_also_where_the_database_refuses_what_is_to_be_stored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise IntegrityError("a check that no other callout explains")

    monkeypatch.setattr(registration, "register", refuse)
    assert post(AS_IN_2016).status_code == 500
    assert "(IntegrityError)" in last_callout().outcome


@pytest.mark.django_db(transaction=True)
def test_a_database_that_fails_for_a_moment_asks_to_come_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    headers = signed(AS_IN_2016)
    assert post(AS_IN_2016).status_code == 202
    with psycopg.connect(**connection.get_connection_params()) as other:
        other.execute("SELECT FROM tenants_tenant FOR UPDATE")
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '200ms'")
            answer = post(AS_IN_2016, **headers)
            cursor.execute("RESET lock_timeout")
    assert (answer.status_code, answer["Retry-After"]) == (503, "30")
    assert "database" in document(answer)["message"]
    assert (last_callout().status, last_callout().signed) == (503, True)
    assert "judging failed" not in caplog.text
    assert post(AS_IN_2016, **headers).status_code == 202  # the signature was not used up


@pytest.mark.django_db
def test_a_callout_whose_processing_crashes_is_kept_anyway(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def die(*_: object, **__: object) -> None:
        raise SystemExit

    monkeypatch.setattr(registration, "register", die)
    with pytest.raises(SystemExit):
        post(AS_IN_2016)
    assert last_callout().status is None
    assert "not answered" in str(last_callout())


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("send", [post, post_signed], ids=["unsigned", "signed"])
def test_a_registration_costs_8_statements_in_2_transactions(
    send: Callable[[dict[str, Any]], HttpResponse],
) -> None:
    send(callout(cast.DUNE))  # makes the buckets that all callouts share
    with CaptureQueriesContext(connection) as seen:
        assert send(callout()).status_code == 202
    assert Tenant.objects.count() == 2
    statements = [each["sql"] for each in seen]
    assert len(statements) == 8 + 2, statements  # BEGIN and COMMIT
    assert statements.count("COMMIT") == 1  # the limits have a statement that commits by itself
    with CaptureQueriesContext(connection) as seen:
        assert send(callout(org_name="Acme")).status_code in (202, 409)
    assert len(seen) <= 12


@pytest.mark.django_db
@pytest.mark.parametrize("send", [post, post_signed], ids=["unsigned", "signed"])
def test_a_blocked_org_is_held_whatever_its_body_names_first(
    send: Callable[[dict[str, Any]], HttpResponse],
) -> None:
    orgs.decide(cast.ACME["org_id"], OrgVerdict.BLOCKED, actor="ada", why="Spam")
    body = {"note": cast.DUNE["org_id"], **callout()}
    assert send(body).status_code == 202
    assert not Tenant.objects.exists()
    assert "blocked org" in last_callout().outcome


@pytest.mark.django_db
def test_staff_see_who_called() -> None:
    post(AS_IN_2016, REMOTE_ADDR="192.0.2.7")
    assert last_callout().remote_address == "192.0.2.7"
    assert RateBucket.objects.filter(key="address:192.0.2.7").exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("with_signature", [True, False])
def test_fifty_same_callouts_from_twenty_threads_make_one_tenant(with_signature: bool) -> None:
    def send(_: int) -> int:
        try:
            return (
                post_signed(callout()).status_code
                if with_signature
                else post(AS_IN_2016).status_code
            )
        finally:
            connections.close_all()

    with ThreadPoolExecutor(20) as threads:
        statuses = list(threads.map(send, range(50)))
    # In one second the clock gives every signer of the same body the same signature.
    assert set(statuses) <= ({202, 401} if with_signature else {202})
    tenant = Tenant.objects.get()
    assert tenant.connections.count() == 1
    assert tenant.events.filter(kind=EventKind.REGISTERED).count() == 1
    assert Callout.objects.exclude(status=None).count() == 50
