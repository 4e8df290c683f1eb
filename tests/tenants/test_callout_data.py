"""Reading and checking what a callout callout_data."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from tenants import callout_data
from tenants.callout_data import FORM as FORM_TYPE
from tests import cast
from tests.tenants.callouts import AS_IN_2016, BROKEN_AS_IN_2016, callout


def read(
    body: dict[str, Any] | str | bytes, content_type: str = callout_data.JSON
) -> callout_data.CalloutData:
    text = json.dumps(body) if isinstance(body, dict) else body
    return callout_data.parse(content_type, text.encode() if isinstance(text, str) else text)


def errors_of(body: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(callout_data.Invalid) as refused:
        read(body)
    return refused.value.errors


def test_the_callout_of_the_2016_package_is_understood() -> None:
    found = read(AS_IN_2016)
    assert found.org_id == cast.ACME["org_id"]
    assert found.values == {"name": 'Acme & Söhne "West"', "admin_email": "ops@acme.example"}


def test_its_unescaped_quotes_are_located_and_explained() -> None:
    with pytest.raises(callout_data.Malformed) as refused:
        read(BROKEN_AS_IN_2016)
    assert str(refused.value) == (
        "The JSON is malformed at line 1, column 93 (character 92): Expecting ',' delimiter. "
        'Is there an unescaped quote in a value? Inside a value, write \\" for ".'
    )


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("", "is empty"),
        (" \n", "is empty"),
        ("{", "malformed at line 1, column 2"),
        ('{"a": 1,}', "malformed"),
        ("{'a': 1}", "malformed"),
        ('{"a":\n "b\tc"}', "line 2, column 4"),
        ("\ufeff{}", "malformed"),
        ("[]", "must be one object"),
        ('"text"', "must be one object"),
        ("null", "must be one object"),
        ('{"a": NaN}', "NaN is not valid JSON"),
        ('{"a": -Infinity}', "-Infinity is not valid JSON"),
        ('{"org_id": "1", "org_id": "2"}', "'org_id' is given twice"),
        ('{"x": {"ä\\n": 1, "ä\\n": 2}}', r"'\\xe4\\n' is given twice"),
        ("[" * 16_000, "nested too deeply"),
        ('{"a":' * 3_000, "nested too deeply"),
        ('{"a": ' + "9" * 5_000 + "}", "cannot be read"),
        (b'{"org_name": "S\xf6hne"}', "not UTF-8: see byte 15"),
    ],
)
def test_a_body_that_is_no_json_object_says_where_and_why(body: str | bytes, why: str) -> None:
    with pytest.raises(callout_data.Malformed, match=why):
        read(body)


FORM = "org_id=00DB00000002NDm&org_name=Acme+%26+S%C3%B6hne&admin_email=ops%40acme.example"


@pytest.mark.parametrize("content_type", [FORM_TYPE, f"{FORM_TYPE.upper()}; charset=utf-8"])
def test_a_form_says_the_same_as_json(content_type: str) -> None:
    found = read(FORM, content_type)
    assert found.org_id == cast.ACME["org_id"]
    assert found.values["name"] == "Acme & Söhne"


@pytest.mark.parametrize(
    ("form", "why"),
    [
        (FORM + "&org_id=00DB00000002NDm", "'org_id' is given twice"),
        ("org_name=%ff", "cannot be read"),
        ("&".join(f"a{n}=1" for n in range(101)), "cannot be read"),
    ],
)
def test_a_form_that_cannot_be_read_says_why(form: str, why: str) -> None:
    with pytest.raises(callout_data.Malformed, match=why):
        read(form, callout_data.FORM)


@pytest.mark.parametrize("content_type", ["", "text/plain", "multipart/form-data", "json", ";"])
def test_other_types_are_named_unknown(content_type: str) -> None:
    with pytest.raises(callout_data.UnknownType, match="Send application/json or"):
        read("{}", content_type)


def test_all_missing_fields_are_named_at_once() -> None:
    required = "This field is required."
    assert errors_of({"org_name": None, "admin_email": " ", "extra": 1}) == {
        "org_id": required,
        "org_name": required,
        "admin_email": required,
    }


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("org_id", 15, "must be a string"),
        ("org_id", ["00DB00000002NDm"], "must be a string"),
        ("org_id", "00DB00000002NDmAAA", "case of a letter"),
        ("org_name", {"a": 1}, "must be a string"),
        ("org_name", True, "must be a string"),
        ("org_name", "x" * 256, "256 characters; the maximum is 255"),
        ("org_name", "Acme\0", "control characters"),
        ("org_name", "\u200b\u2060\ufeff", "invisible"),
        ("org_name", "\u3164\u2800", "invisible"),
        ("org_name", "\u0301", "invisible"),
        ("org_name", "Acme \u202egro.live", "direction"),
        ("org_name", "\u2066Acme\u2069", "direction"),
        ("org_name", "Acme \ud800", "invalid Unicode"),
        ("admin_email", "ops", "not an e-mail address"),
        ("admin_email", "ops@acme.example, boss@acme.example", "not an e-mail address"),
        ("admin_email", "ops@acme.example\r\nBcc: x@y.example", "not an e-mail address"),
        ("admin_email", f"{'x' * 250}@acme.example", "the maximum is 254"),
        ("environment", "live", "production, sandbox, custom"),
        ("login_domain", "https://acme.my.salesforce.com", "plain host name"),
        ("login_domain", "acme.my.salesforce.com/", "plain host name"),
        ("login_domain", "acme.my.salesforce.com:443", "plain host name"),
        ("login_domain", "acme.my.salesforce.com.evil.example", "plain host name"),
        ("login_domain", "evil.example?.my.salesforce.com", "plain host name"),
        ("login_domain", "evil@acme.my.salesforce.com", "plain host name"),
        ("login_domain", ".my.salesforce.com", "plain host name"),
        ("login_domain", "-a.my.salesforce.com", "plain host name"),
        ("login_domain", "a..my.salesforce.com", "plain host name"),
        ("login_domain", "acme.lightning.force.com", "plain host name"),
        ("login_domain", "ａcme.my.salesforce.com", "plain host name"),
        ("namespace", "1abc", "A namespace"),
        ("namespace", "a__b", "A namespace"),
        ("namespace", "a_", "A namespace"),
        ("namespace", "_a", "A namespace"),
        ("namespace", "a" * 16, "A namespace"),
        ("namespace", "a-b", "A namespace"),
        ("package_version", "1" * 41, "the maximum is 40"),
        ("installer_id", "005", "15 or 18"),
    ],
)
def test_a_wrong_field_is_named_with_what_is_wrong(field: str, value: Any, why: str) -> None:
    found = errors_of(callout(**{field: value}))
    assert found.keys() == {field}
    assert why in found[field]


@pytest.mark.parametrize(
    ("field", "value", "kept"),
    [
        ("org_name", " Acme\n\tLtd  ", "Acme Ltd"),
        ("org_name", "株式会社 🚀", "株式会社 🚀"),
        ("environment", "SandBox", "sandbox"),
        ("login_domain", "Acme--UAT.sandbox.my.salesforce.com", None),
        ("namespace", "my_ns_1", "my_ns_1"),
        ("namespace", "A" * 15, "A" * 15),
        ("package_version", "2.1 (beta)", "2.1 (beta)"),
        ("installer_id", "005xx000001SwiU", "005xx000001SwiU"),
    ],
)
def test_a_right_field_is_kept(field: str, value: str, kept: str | None) -> None:
    found = read({**callout(), field: value}).values
    assert found["name" if field == "org_name" else field] == (kept or value.lower())


def test_custom_needs_the_my_domain_it_speaks_of() -> None:
    found = errors_of(callout(environment="custom", login_domain=None))
    assert "needs the org's My Domain" in found["login_domain"]
    assert (
        "plain host name"
        in errors_of(callout(environment="custom", login_domain="?"))["login_domain"]
    )
    assert read(callout(environment="custom")).values["environment"] == "custom"


def test_what_a_callout_leaves_open_is_filled_in(settings: Settings) -> None:
    settings.FORCE_NAMESPACE = "hcmc"
    assert read(AS_IN_2016).with_defaults() == {
        "name": 'Acme & Söhne "West"',
        "admin_email": "ops@acme.example",
        "environment": "production",
        "namespace": "hcmc",
    }
    sandbox = callout(
        environment=None, login_domain="acme--uat.sandbox.my.salesforce.com", namespace="other"
    )
    filled = read(sandbox).with_defaults()
    assert (filled["environment"], filled["namespace"]) == ("sandbox", "other")


WILD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(sorted(callout(package_version="1", namespace="n"))), WILD))
def test_no_json_makes_it_fail_otherwise(changes: dict[str, Any]) -> None:
    try:
        read({**callout(), **changes})
    except (callout_data.Malformed, callout_data.Invalid):
        return


@given(st.binary(max_size=60), st.sampled_from([callout_data.JSON, callout_data.FORM]))
@example(b'{"a": "\xed\xa0\x80"}', callout_data.JSON)
def test_no_bytes_make_it_fail_otherwise(body: bytes, content_type: str) -> None:
    with pytest.raises((callout_data.Malformed, callout_data.Invalid)):
        read(body, content_type)
