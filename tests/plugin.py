"""The test run's own environment, set before Django reads its settings.

Loaded by `-p tests.plugin` (pyproject.toml) and not from a conftest, because pytest-django reads
the settings before any conftest is imported.
"""

import os
from collections.abc import Generator

import pytest

from emulator import postgres

OURS = "TEST_POSTGRES_IS_OURS"  # inherited by the processes that xdist starts
TEST_ENVIRONMENT = {
    "APP_NAME": "multiconnect-test",
    "SECRET_KEY": "test-only-secret-key-of-more-than-fifty-characters-0123456789",
    "SECRET": "dGVzdC1vbmx5LWtleS1vbmUtMzItYnl0ZXMtbG9uZyE=",
    "HEROKU_API_TOKEN": "HRKU-test-token",
    "DEV_EMAIL": "connect@isv.example",
    "SALESFORCE_KEY": "emulator-key",
    "SALESFORCE_SECRET": "emulator-secret",
    "REGISTRATION_SECRETS": "test-registration-secret",
    "X_BEARER_TOKEN": "x-test-token",
    "PORTAL_URL": "http://testserver",
    "ALLOWED_HOSTS": "testserver,127.0.0.1,localhost",
    "EMAIL_BACKEND": "django.core.mail.backends.locmem.EmailBackend",
}


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests() -> Generator[None]:
    """Fill the environment, and start a private Postgres unless DATABASE_URL names one.

    Each process of a run has a server of its own: the emulator and the product share a database, so
    two tests at the same time would meet in it. A wrapper, since those run before pytest-django's
    own hook, which reads the settings.
    """
    os.environ.update(TEST_ENVIRONMENT)
    if "DATABASE_URL" not in os.environ or OURS in os.environ:
        os.environ["DATABASE_URL"] = postgres.start_for_tests()
        os.environ[OURS] = "yes"
    return (yield)
