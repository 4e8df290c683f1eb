"""`generate_secret` prints a key that the encrypted fields take, and how to set it."""

import base64
from io import StringIO

from django.core.management import call_command
from pytest_django import Settings


def printed() -> list[str]:
    """Run the command and return its lines."""
    out = StringIO()
    call_command("generate_secret", stdout=out)
    return out.getvalue().splitlines()


def test_the_key_has_32_random_bytes() -> None:
    first, second = printed()[0], printed()[0]
    assert first != second
    assert len(base64.urlsafe_b64decode(first)) == 32


def test_the_commands_name_the_key_and_the_app(settings: Settings) -> None:
    settings.APP_NAME = "isv-portal"
    key, *rest = printed()
    text = "\n".join(rest)
    assert f"heroku config:set SECRET={key} --app isv-portal" in text
    assert f"SECRET={key},$(heroku config:get SECRET --app isv-portal) --app isv-portal" in text
