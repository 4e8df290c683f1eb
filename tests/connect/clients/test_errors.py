"""What each refusal of a peer means for the caller."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tenants.http import errors
from tenants.http.errors import ErrorBody, RemoteError, Retryable

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "safe", "unsafe"),
    [
        (400, errors.Permanent, errors.Permanent),
        (401, errors.Unauthorized, errors.Unauthorized),
        (402, errors.Permanent, errors.Permanent),
        (403, errors.Permanent, errors.Permanent),
        (404, errors.NotFound, errors.NotFound),
        (405, errors.Permanent, errors.Permanent),
        (406, errors.Permanent, errors.Permanent),
        (408, errors.Retryable, errors.Uncertain),
        (409, errors.Conflict, errors.Conflict),
        (410, errors.NotFound, errors.NotFound),
        (416, errors.Permanent, errors.Permanent),
        (422, errors.Permanent, errors.Permanent),
        (423, errors.Permanent, errors.Permanent),
        (425, errors.Retryable, errors.Retryable),
        (429, errors.Retryable, errors.Retryable),
        (500, errors.Retryable, errors.Uncertain),
        (502, errors.Retryable, errors.Uncertain),
        (503, errors.Retryable, errors.Uncertain),
        (504, errors.Retryable, errors.Uncertain),
        (599, errors.Retryable, errors.Uncertain),
    ],
)
def test_a_status_means_one_thing_to_the_caller(
    status: int, safe: type[RemoteError], unsafe: type[RemoteError]
) -> None:
    words = ErrorBody("Something else.", "")
    assert errors.error_class(status, words, safe=True) is safe
    assert errors.error_class(status, words, safe=False) is unsafe


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("confirmation_required", errors.ConfirmationRequired),
        ("locked", errors.Permanent),
        ("", errors.Permanent),
    ],
)
def test_only_the_id_of_a_confirmation_asks_for_one(code: str, kind: type[RemoteError]) -> None:
    assert errors.error_class(423, ErrorBody("Locked.", code), safe=False) is kind


@pytest.mark.parametrize(
    ("message", "taken"),
    [
        ("Name is already taken", True),
        ("name has already been taken", True),
        ("An attachment with this name ALREADY EXISTS on the app.", True),
        ("Name is already in use", True),
        ("Plan was mistaken for another", False),
        ("Action already undertaken", False),
        ("Unknown params: attachment:name.", False),
    ],
)
def test_a_used_name_is_distinguished_from_other_invalid_parameters(
    message: str, taken: bool
) -> None:
    kind = errors.error_class(422, ErrorBody(message, "invalid_params"), safe=False)
    assert kind is (errors.Taken if taken else errors.Permanent)
    assert (
        errors.error_class(400, ErrorBody(message, "invalid_params"), safe=False)
        is errors.Permanent
    )


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"id": "invalid_params", "message": "No."}, ("No.", "invalid_params")),
        ({"message": "Connection is busy"}, ("Connection is busy", "")),
        ({"error": "Mapping Contact is still syncing"}, ("Mapping Contact is still syncing",) * 2),
        (
            [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}],
            ("Session expired or invalid", "INVALID_SESSION_ID"),
        ),
        (
            {"error": "invalid_grant", "error_description": "expired access/refresh token"},
            ("expired access/refresh token", "invalid_grant"),
        ),
        ("Service is down", ("Service is down", "")),
        ({"message": None, "error": ["a"]}, ("", "")),
        ([], ("", "")),
        ([["a"]], ("", "")),
        (None, ("", "")),
        (7, ("", "")),
        (
            {"title": "Unauthorized", "detail": "No such token", "type": "about:blank"},
            ("No such token", "about:blank"),
        ),
        (
            {"title": "Invalid Request", "detail": "Wrong", "errors": [{"message": "too old"}]},
            ("too old", ""),
        ),
        ({"title": "Unauthorized", "errors": []}, ("Unauthorized", "")),
        ({"errors": {"name": ["is taken"]}}, ("", "")),
    ],
)
def test_the_error_body_every_peer_are_found(document: Any, words: tuple[str, str]) -> None:
    assert errors.error_body(document) == words


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("2", 2),
        (" 120 ", 120),
        ("0", 0),
        ("999999999999999999999999", 86_400),
        ("Mon, 23 Nov 2026 12:00:30 GMT", 30),
        ("Mon, 23 Nov 2026 12:00:30 -0000", 30),
        ("Mon, 23 Nov 2026 11:00:00 GMT", 0),
        ("Mon, 23 Nov 2037 11:00:00 GMT", 86_400),
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
        ("Mon, 99 Nov 2026 12:00:30 GMT", None),
    ],
)
def test_retry_after_is_read_in_both_forms_and_limited_to_a_day(
    value: str | None, seconds: int | None
) -> None:
    expected = None if seconds is None else timedelta(seconds=seconds)
    assert errors.retry_after(value, NOW) == expected


def test_an_error_reads_like_a_sentence_for_staff() -> None:
    error = errors.Taken("Heroku", 422, "Name is already taken", "1234", "invalid_params")
    assert str(error) == "Heroku answered 422: Name is already taken (request 1234)"
    assert error.words == "Heroku answered 422: Name is already taken"
    assert str(Retryable("Heroku", None, "no answer in time")) == "Heroku: no answer in time"
    assert str(Retryable("Heroku", 503, "")) == "Heroku answered 503"


def test_a_message_is_one_short_line_without_secrets() -> None:
    long = "Bearer HRKU-abc failed\r\nat=INFO forged " + "x" * 600
    message = RemoteError("Heroku", 400, long).message
    assert "HRKU" not in message
    assert "\n" not in message
    assert len(message) == 500
