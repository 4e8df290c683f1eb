"""Cookies and headers that protect every answer."""

import json
import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.test import Client


@pytest.mark.django_db
def test_cookies_are_for_this_site_and_not_for_scripts() -> None:
    begun = Client().post("/auth/salesforce", {"environment": "production"})
    session = begun.cookies[settings.SESSION_COOKIE_NAME]
    assert session["httponly"]
    assert session["samesite"] == "Lax"
    assert not session["domain"]
    form = Client().get("/authenticate")
    assert form.cookies[settings.CSRF_COOKIE_NAME]["samesite"] == "Lax"


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/healthz", "/authenticate", "/admin/login/", "/nowhere"])
def test_every_answer_has_the_protective_headers(address: str) -> None:
    answer = Client().get(address)
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]


def test_over_https_only_https_is_used() -> None:
    names = [
        *("SECURE_SSL_REDIRECT", "SECURE_HSTS_SECONDS", "SECURE_HSTS_INCLUDE_SUBDOMAINS"),
        *("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "DEBUG"),
    ]
    script = (
        "import json; from portal.project import settings as s;"
        f" print(json.dumps({{name: getattr(s, name) for name in {names!r}}}))"
    )
    env = {"PATH": os.environ["PATH"], "PORTAL_URL": "https://portal.isv.example"}
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=settings.BASE_DIR,
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    found = json.loads(done.stdout)
    assert found.pop("DEBUG") is False
    assert found.pop("SECURE_HSTS_SECONDS") >= 31_536_000
    assert set(found.values()) == {True}
