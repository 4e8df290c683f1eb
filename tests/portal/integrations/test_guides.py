"""The examples of the guides work: each is run as it stands, with other addresses."""

import os
import re
import shutil
import subprocess
import time
from typing import Any

import pytest
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from portal.integrations import sending, signing
from portal.integrations.models import Webhook
from tests import cast
from tests.connect.clients.rawpeer import RawPeer, header
from tests.documents import ROOT
from tests.portal.admin import strangers
from tests.portal.integrations.test_api import token
from tests.portal.integrations.test_sending import work, write

_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_GIVEN = re.compile(r"^(SECRET|RECEIVER|PORTAL|TOKEN)=.*\n", re.MULTILINE)


def example(document: str, language: str) -> str:
    """Return the first example in a language."""
    found: list[tuple[str, str]] = _FENCE.findall((ROOT / "docs" / document).read_text())
    return next(text for kind, text in found if kind == language)


def python(document: str) -> dict[str, Any]:
    """Return what the Python example of a guide defines."""
    names: dict[str, Any] = {}
    exec(example(document, "python"), names)  # noqa: S102  (our own document)
    return names


def shell(document: str, **given: str) -> str:
    """Run the shell example of a guide with other values; return what it prints."""
    if not shutil.which("curl") or not shutil.which("openssl"):
        pytest.skip("needs curl and openssl")
    text, replaced = _GIVEN.subn("", example(document, "sh"))
    assert replaced == len(given)
    environment = {**os.environ, **given}
    done = subprocess.run(
        ["sh", "-euc", text], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def parts(request: bytes) -> tuple[dict[str, str], bytes]:
    """Return the headers that a receiver checks, and the body."""
    names = ("Webhook-Id", "Webhook-Timestamp", "Webhook-Signature")
    return {name: header(request, name) or "" for name in names}, request.partition(b"\r\n\r\n")[2]


@pytest.mark.django_db
def test_the_receiver_of_the_guide_takes_the_portals_calls_and_no_others(
    webhook: Webhook, receiver: RawPeer
) -> None:
    is_genuine = python("webhooks.md")["is_genuine"]
    write(webhook, cast.enrol(cast.ACME))
    work()
    headers, body = parts(receiver.requests[0])
    assert is_genuine(webhook.secret, headers, body)
    assert not is_genuine(webhook.secret, headers, body + b" ")
    assert not is_genuine(signing.new_secret(), headers, body)
    assert not is_genuine(webhook.secret, {**headers, "Webhook-Id": "other"}, body)
    old = {**headers, "Webhook-Timestamp": str(int(time.time()) - 301)}
    assert not is_genuine(webhook.secret, old, body)


def test_the_shell_example_of_webhooks_signs_as_the_portal_does(receiver: RawPeer) -> None:
    secret = signing.new_secret()
    shell("webhooks.md", SECRET=secret, RECEIVER=f"{receiver.url}/hook")
    headers, body = parts(receiver.requests[0])
    assert python("webhooks.md")["is_genuine"](secret, headers, body)


def test_the_guide_says_when_attempts_follow() -> None:
    text = " ".join((ROOT / "docs/webhooks.md").read_text().split())
    minutes = [int(each.total_seconds() // 60) for each in sending.SCHEDULE.pauses]
    assert minutes == [1, 5, 30, 120, 360, 720, 1440]
    assert "after 1, 5 and 30 minutes, 2, 6, 12 and 24 hours" in text
    assert "After the eighth the delivery has failed" in text


@pytest.mark.django_db(transaction=True)
def test_the_examples_of_the_api_read_the_fleet(
    live_server: LiveServer, settings: Settings
) -> None:
    settings.PORTAL_URL = live_server.url
    settings.ALLOWED_HOSTS = ["*"]
    cast.enrol(cast.ACME)
    strangers.connected(range(3))
    secret = token()
    said = shell("api.md", PORTAL=live_server.url, TOKEN=secret)
    assert said.count('"org_id"') == 5  # a page of four, none that is broken, and one alone
    assert '"standings"' in said
    found = list(python("api.md")["tenants"](live_server.url, secret))
    assert cast.ACME["org_id"] in [each["org_id"] for each in found]
    assert len(found) == 4
