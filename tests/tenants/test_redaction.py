"""Secrets and logs."""

import logging

import pytest

from tenants.redaction import RedactionFilter, redact


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("Authorization: Bearer 00Dxx!AQ.secret", "secret"),
        ("authorization: bearer abcsecret", "abcsecret"),
        ("POST /token refresh_token=5Aepsecret&grant_type=x", "5Aepsecret"),
        ("/callback?code=aPrxsecret&state=1", "aPrxsecret"),
        ('{"access_token": "00Dxx0000001gPL!AQsecret.x"}', "AQsecret"),
        ("{'refresh_token': '5Aepsecret'}", "5Aepsecret"),
        ("client_secret=topsecret;", "topsecret"),
        ("code_verifier=versecret", "versecret"),
        ("the token HRKU-12ab-secret was refused", "12ab-secret"),
        ("instance 00DB00000002NDm!AQ.abc-secret", "secret"),
        ("refused: 5Aep861.abc-secret", "secret"),
    ],
)
def test_tokens_are_hidden(text: str, secret: str) -> None:
    assert secret not in redact(text)
    assert "[hidden]" in redact(text)


@pytest.mark.parametrize(
    "text", ["org 00DB00000002NDmMAM registered", "HTTP 401 on /addons", "status code 404", ""]
)
def test_other_text_stays_as_it_is(text: str) -> None:
    assert redact(text) == text


def test_the_filter_hides_arguments_and_tracebacks() -> None:
    error = ValueError("refresh_token=5Aepsecret")
    record = logging.LogRecord(
        "x", logging.ERROR, "x.py", 1, "token=%s", ("abc",), (ValueError, error, None)
    )
    assert RedactionFilter().filter(record)
    written = logging.Formatter().format(record)
    assert "abc" not in written
    assert "5Aepsecret" not in written
