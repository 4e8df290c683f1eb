"""What may be entered as a webhook's address."""

import pytest
from pytest_django.fixtures import Settings

from portal.integrations import targets

REFUSED = [
    ("", targets.WRONG),
    ("events.isv.example", targets.WRONG),
    ("https://", targets.WRONG),
    ("https://events.isv.example:port/", targets.WRONG),
    ("https://[::1", targets.WRONG),
    ("https://mia:secret@events.isv.example/", targets.WRONG),
    ("https://events.isv.example#@169.254.169.254/", targets.WRONG),
    ("https://events.isv.example\\@169.254.169.254/", targets.WRONG),
    ("https://events.isv.example/\x00", targets.WRONG),
    ("https://events.isv.example/a b", targets.WRONG),
    ("https://events.isv.example/\r\nHost: evil.example", targets.WRONG),
    ("https://ⓛocalhost/", targets.WRONG),
    ("ftp://events.isv.example/", targets.WRONG),
    ("file:///etc/passwd", targets.WRONG),
    ("http://events.isv.example/", targets.NOT_HTTPS),
    ("https://localhost/", targets.PRIVATE),
    ("https://db.internal/", targets.PRIVATE),
    ("https://127.0.0.1/", targets.PRIVATE),
    ("https://10.0.0.5/", targets.PRIVATE),
    ("https://2130706433/", targets.PRIVATE),
    ("https://0x7f.1/", targets.PRIVATE),
    ("https://127.1:8443/hook", targets.PRIVATE),
    ("https://169.254.169.254/latest/meta-data", targets.PRIVATE),
    ("https://[::1]/", targets.PRIVATE),
    ("https://[fd00::1]/", targets.PRIVATE),
    ("https://[::ffff:169.254.169.254]/", targets.PRIVATE),
    ("https://[64:ff9b::a9fe:a9fe]/", targets.PRIVATE),
]
ALLOWED = [
    "https://events.isv.example/multiconnect",
    "https://events.isv.example:8443/hook?key=1",
    "https://8.8.8.8/",
    "https://134744072/",
    "https://1.events.isv.example/",
]


@pytest.mark.parametrize(("url", "problem"), REFUSED)
def test_an_address_that_leads_elsewhere_is_refused(url: str, problem: str) -> None:
    assert targets.problem(url) == problem


@pytest.mark.parametrize("url", ALLOWED)
def test_an_address_of_the_public_internet_is_allowed(url: str) -> None:
    assert targets.problem(url) == ""


def test_a_private_receiver_is_allowed_by_the_settings_with_its_port_alone(
    settings: Settings,
) -> None:
    settings.WEBHOOK_PRIVATE_HOSTS = ["10.0.0.5:8080"]
    assert targets.problem("http://10.0.0.5:8080/hook") == ""
    assert targets.problem("http://10.0.0.5:5432/") == targets.NOT_HTTPS
    assert targets.problem("https://10.0.0.5:5432/") == targets.PRIVATE
