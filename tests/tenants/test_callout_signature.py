"""The signature of a callout."""

import hashlib
import hmac
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from pytest_django.fixtures import Settings

from tenants.callout_signature import InvalidSignature, mark_used, sign, verify

VECTORS = json.loads((Path(__file__).parent / "signature_vectors.json").read_text())
SECRET = "test-registration-secret"
BODY = b'{"org_id":"00DB00000002NDmMAM"}'
AT = 1_795_478_400
NOW = datetime.fromtimestamp(AT, UTC)


def test_the_primitive_is_hmac_sha256_in_hexadecimal() -> None:
    vector = VECTORS["hmac_sha256"]
    digest = hmac.new(vector["key"].encode(), vector["data"].encode(), hashlib.sha256)
    assert digest.hexdigest() == vector["hex"]


@pytest.mark.parametrize("vector", VECTORS["callouts"], ids=lambda vector: vector["name"])
def test_the_vectors_for_other_languages_hold(vector: dict[str, Any], settings: Settings) -> None:
    settings.REGISTRATION_SECRETS = [vector["secret"]]
    body, moment = vector["body"].encode(), vector["timestamp"]
    assert sign(vector["secret"], moment, body) == vector["signature"]
    assert verify(str(moment), vector["signature"], body, datetime.fromtimestamp(moment, UTC))


@pytest.mark.parametrize("age", [-300, -1, 0, 299, 300])
def test_a_signature_is_good_for_five_minutes_both_ways(age: int) -> None:
    signature = sign(SECRET, AT - age, BODY)
    assert verify(str(AT - age), signature, BODY, NOW) == signature.removeprefix("v1=")


@pytest.mark.parametrize("age", [-301, 301, AT])
def test_the_error_for_an_old_signature_says_how_old_it_is(age: int) -> None:
    signature = sign(SECRET, AT - age, BODY)
    with pytest.raises(InvalidSignature, match=f"{abs(age)} s away .* may be 300"):
        verify(str(AT - age), signature, BODY, NOW)


def test_any_of_the_secrets_may_have_signed(settings: Settings) -> None:
    settings.REGISTRATION_SECRETS = ["new-secret", "old-secret"]
    for secret in ("new-secret", "old-secret"):
        assert verify(str(AT), sign(secret, AT, BODY), BODY, NOW)


GOOD = sign(SECRET, AT, BODY)


@pytest.mark.parametrize(
    ("timestamp", "signature", "why"),
    [
        (str(AT), "", "X-Multiconnect-Signature is missing"),
        ("", GOOD, "X-Multiconnect-Timestamp is missing"),
        (str(AT), GOOD.removeprefix("v1="), "not readable"),
        (str(AT), GOOD.replace("v1", "v2"), "not readable"),
        (str(AT), GOOD.upper(), "not readable"),
        (str(AT), GOOD + "\n", "not readable"),
        (f"{AT}.5", GOOD, "not readable"),
        ("-1", GOOD, "not readable"),
        ("9" * 13, GOOD, "not readable"),
        ("١٢٣", GOOD, "not readable"),
        (str(AT + 1), GOOD, "does not fit"),
        (str(AT), sign("another", AT, BODY), "does not fit"),
        (str(AT), sign(SECRET, AT, BODY + b" "), "does not fit"),
        ("9" * 12, GOOD, "does not fit"),
    ],
)
def test_a_wrong_signature_says_what_is_wrong(timestamp: str, signature: str, why: str) -> None:
    with pytest.raises(InvalidSignature, match=why):
        verify(timestamp, signature, BODY, NOW)


def test_without_secrets_no_signature_fits(settings: Settings) -> None:
    settings.REGISTRATION_SECRETS = []
    with pytest.raises(InvalidSignature, match="does not fit"):
        verify(str(AT), GOOD, BODY, NOW)


def test_an_absent_signature_is_no_error_unless_the_settings_ask_for_one(
    settings: Settings,
) -> None:
    assert verify("", "", BODY, NOW) is None
    settings.REGISTRATION_SIGNATURE_REQUIRED = True
    with pytest.raises(InvalidSignature, match="is required: send X-Multiconnect-Timestamp"):
        verify("", "", BODY, NOW)


@pytest.mark.django_db
def test_a_signature_is_accepted_once() -> None:
    mark_used("a" * 64)
    with pytest.raises(IntegrityError), transaction.atomic():
        mark_used("a" * 64)
    mark_used("b" * 64)
