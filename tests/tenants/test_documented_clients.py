"""The clients of docs/registration.md register an org as they stand there."""

import re
import subprocess
import sys

import pytest
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from tenants.models import Callout, Proof, Tenant
from tests.documents import ROOT

CLIENT = re.compile(r"^```(?P<language>bash|python)\n(?P<text>.*?)^```$", re.M | re.S)
CLIENTS = [
    (found["language"], found["text"])
    for found in CLIENT.finditer((ROOT / "docs/registration.md").read_text())
]
PROGRAMS = {"bash": ["bash", "-ec"], "python": [sys.executable, "-c"]}


def test_there_are_an_unsigned_one_and_two_that_sign() -> None:
    assert [language for language, _ in CLIENTS] == ["bash", "bash", "python"]


@pytest.mark.django_db(transaction=True)
def test_each_documented_client_registers_the_org(
    live_server: LiveServer, settings: Settings
) -> None:
    key = settings.REGISTRATION_SECRETS[0]
    for language, text in CLIENTS:
        script = text.replace("https://portal.isv.example", live_server.url).replace("…", key)
        done = subprocess.run([*PROGRAMS[language], script], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert Callout.objects.latest("pk").status == 202
        is_signed = "Signature" in text
        assert Tenant.objects.latest("pk").proof == (Proof.SIGNED if is_signed else Proof.NONE)
