"""Cookies and headers that protect every answer."""

import json
import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from pytest_django.fixtures import Settings

from tenants.models import Callout


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
    policy = answer["Content-Security-Policy"]
    for part in ("frame-ancestors 'none'", "object-src 'none'", "base-uri 'none'"):
        assert part in policy
    assert answer["Content-Type"] in ("text/html; charset=utf-8", "application/json")


def test_over_https_only_https_is_used() -> None:
    names = [
        *("SECURE_SSL_REDIRECT", "SECURE_HSTS_SECONDS", "SECURE_HSTS_INCLUDE_SUBDOMAINS"),
        *("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "DEBUG"),
        *("SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME", "COOKIE_PREFIX"),
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
    cookies = [found.pop(f"{name}_COOKIE_NAME") for name in ("SESSION", "CSRF")]
    assert [name.startswith(found["COOKIE_PREFIX"]) for name in cookies] == [True, True]
    assert found.pop("COOKIE_PREFIX") == "__Host-"
    assert found.pop("SECURE_HSTS_SECONDS") >= 31_536_000
    assert set(found.values()) == {True}


@pytest.fixture
def over_https(settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = settings.OVER_HTTPS = True
    settings.COOKIE_PREFIX = "__Host-"
    settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True


@pytest.mark.django_db
@pytest.mark.usefixtures("over_https")
def test_every_cookie_is_for_this_host_alone() -> None:
    client = Client()
    User.objects.create_superuser("root", password="a-day-of-work-12")
    form = client.get("/admin/login/", secure=True)
    assert form.status_code == 200
    signed_in = client.post(
        "/admin/login/", {"login": "root", "password": "a-day-of-work-12"}, secure=True
    )
    assert signed_in.status_code == 302
    assert {"__Host-sessionid", "__Host-messages", "__Host-known_browser"} <= client.cookies.keys()
    for name, cookie in client.cookies.items():
        assert name.startswith("__Host-")
        assert (cookie["secure"], cookie["path"], cookie["domain"]) == (True, "/", ""), name


@pytest.mark.django_db
@pytest.mark.usefixtures("over_https")
def test_people_are_led_to_https_and_programs_are_refused_without_it() -> None:
    assert Client().get("/authenticate").status_code == 301
    for address in ("/organizations", "/organizations/", "/metrics", "/anymail/mailgun/tracking/"):
        assert Client().post(address).status_code == 403
    assert "https" in Client().post("/organizations").json()["message"]
    assert not Callout.objects.exists()
