"""Secrets and logs."""

import logging

import pytest
from pytest_django.fixtures import Settings

from tenants.redaction import RedactionFilter, hide, redact


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("Authorization: Bearer 00Dxx!AQ.secret", "secret"),
        ("authorization: bearer abcsecret", "abcsecret"),
        ("POST /token refresh_token=5Aepsecret&grant_type=x", "5Aepsecret"),
        ("/callback?code=aPrxsecret&state=1", "aPrxsecret"),
        ('{"access_token": "00Dxx0000001gPL!AQsecret.x"}', "AQsecret"),
        ("{'refresh_token': '5Aepsecret'}", "5Aepsecret"),
        ("otpauth://totp/x:ada?secret=JBSWY3DPsecret&issuer=x", "JBSWY3DP"),
        ("client_secret=topsecret;", "topsecret"),
        ("code_verifier=versecret", "versecret"),
        ("the token HRKU-12ab-secret was refused", "12ab-secret"),
        ("instance 00DB00000002NDm!AQ.abc-secret", "secret"),
        ("refused: 5Aep861.abc-secret", "secret"),
        ("jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2VjcmV0 refused", "eyJzdWIi"),
        ("Authorization: Basic dXNlcjpzZWNyZXQ=", "dXNlcjpzZWNyZXQ"),
        ("sent Basic dXNlcjpzZWNyZXQ=", "dXNlcjpzZWNyZXQ"),
        ("Authorization: OAuth x", "x"),
        ('{"Authorization": "OAuth opaquesecret"}', "opaquesecret"),
        ("sent OAuth 00secret!x", "secret"),
        ("redis://default:hunter2secret@10.0.0.1:6379/0", "hunter2secret"),
        ("https://:hunter2secret@host/", "hunter2secret"),
        ("Cookie: sessionid=abcsecret; csrftoken=xyzsecret", "secret"),
        ("Not Found: /connect/WzFd:1abc:secret", "secret"),
        ("Not Found: /not-me/WzFd:1abc:secret", "secret"),
        ("Cookie: known_browser=abcsecret", "secret"),
        ("/authenticate/WzFd:1abc:secret opened", "secret"),
        ("password=hunter2secret", "hunter2secret"),
        ("the token mct_0123456789abcdef-secret was sent", "secret"),
        ("signed with whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "GKYqrTwj"),
    ],
)
def test_tokens_are_hidden(text: str, secret: str) -> None:
    assert secret not in redact(text)
    assert "[hidden]" in redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "org 00DB00000002NDmMAM registered",
        "HTTP 401 on /addons",
        "status code 404",
        "",
        "the OAuth flow ended, a basic plan, an OAuth 2.0 app",
        "POST /connect/health",
        "mail to ops@acme.example at 12:30",
        "http://127.0.0.1:5000/x",
        "GET https://api.heroku.com:443/apps",
    ],
)
def test_other_text_stays_as_it_is(text: str) -> None:
    assert redact(text) == text


SECRETS = {
    "SECRET_KEY": "plain-django-key",
    "HEROKU_API_TOKEN": "plain-heroku-token",
    "SALESFORCE_SECRET": "plain-salesforce-secret",
    "METRICS_TOKEN": "plain-metrics-token",
    "X_BEARER_TOKEN": "plain/x token",
    "INCIDENT_WEBHOOK_URL": "https://hooks.example/services/plain",
    "REGISTRATION_SECRETS": ["plain-registration-1", "plain-registration-2"],
    "FERNET_KEYS": ["plain-fernet-1", "plain-fernet-2"],
    "ANYMAIL": {"MAILGUN_API_KEY": "plain-mailgun", "WEBHOOK_SECRET": "name:plain-webhook"},
    "DATABASE_URL": "postgres://portal:plain-database@db/x",
    "REDIS_URL": "rediss://:plain-redis@redis:6379",
    "A_FUTURE_CLIENT_SECRET": "plain-future-secret",
}


@pytest.mark.parametrize("name", SECRETS)
def test_the_settings_own_secrets_are_hidden_wherever_they_stand(
    name: str, settings: Settings
) -> None:
    setattr(settings, name, SECRETS[name])
    text = f"the peer says: {SECRETS[name]!r} is wrong"
    assert "plain" not in redact(text).replace("[hidden]", "")


def test_a_secret_in_an_address_is_hidden_as_it_is_quoted_there(settings: Settings) -> None:
    settings.X_BEARER_TOKEN = "plain/x token"
    assert "plain" not in redact("GET /x?key=plain%2Fx%20token")


@pytest.mark.parametrize("name", ["ALLOWED_HOSTS", "APP_NAME", "PORTAL_URL", "STAFF_EMAILS"])
def test_other_settings_are_not_hidden(name: str, settings: Settings) -> None:
    setattr(settings, name, "ordinary-words")
    assert redact("ordinary-words") == "ordinary-words"


def test_what_a_request_was_sent_with_is_hidden_in_the_answer() -> None:
    assert hide("no such code: opaque-code-1", ["opaque-code-1", "a"]) == "no such code: [hidden]"


def test_the_filter_hides_arguments_and_tracebacks() -> None:
    error = ValueError("refresh_token=5Aepsecret")
    record = logging.LogRecord(
        "x", logging.ERROR, "x.py", 1, "token=%s", ("abc",), (ValueError, error, None)
    )
    assert RedactionFilter().filter(record)
    written = logging.Formatter().format(record)
    assert "abc" not in written
    assert "5Aepsecret" not in written
