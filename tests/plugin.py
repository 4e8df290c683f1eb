"""The test run's own environment, set before Django reads its settings.

Loaded by `-p tests.plugin` (pyproject.toml) and not from a conftest, because pytest-django reads
the settings before any conftest is imported.
"""

import gc
import os
from collections.abc import Generator

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from demo import postgres

TEST_ENVIRONMENT = {
    "APP_NAME": "multiconnect-test",
    "HEROKU_APP_NAME": "multiconnect-portal",
    "SECRET_KEY": "test-only-secret-key-of-more-than-fifty-characters-0123456789",
    "SECRET": "dGVzdC1vbmx5LWtleS1vbmUtMzItYnl0ZXMtbG9uZyE=",
    "HEROKU_API_TOKEN": "HRKU-test-token",
    "DEV_EMAIL": "connect@isv.example",
    "SALESFORCE_KEY": "emulator-key",
    "SALESFORCE_SECRET": "emulator-secret",
    "REGISTRATION_SECRETS": "test-registration-secret",
    "X_BEARER_TOKEN": "x-test-token",
    "PORTAL_URL": "http://testserver",
    "SECOND_FACTOR_REQUIRED": "false",
    "TWO_PERSON_APPROVAL": "false",
    "ALLOWED_HOSTS": "testserver,127.0.0.1,localhost",
    "EMAIL_BACKEND": "django.core.mail.backends.locmem.EmailBackend",
}


MATRIX = "tests/connect/provisioning/test_matrix.py"


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests() -> Generator[None]:
    """Fill the environment, and start a private Postgres unless DATABASE_URL names one.

    The processes that xdist starts inherit it; pytest-django gives each a database of its own. A
    wrapper, since those run before pytest-django's own hook, which reads the settings.
    """
    os.environ.update(TEST_ENVIRONMENT)
    if "DATABASE_URL" not in os.environ:
        os.environ["DATABASE_URL"] = postgres.start_for_tests()
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Exclude what is loaded for the tests from garbage collection: it lives until the end."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(tryfirst=True, optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One process more than there are cores, since one of them mostly waits for the browser."""
    return len(os.sched_getaffinity(0)) + 1


class OneAtATime(LoadScopeScheduling):  # type: ignore[misc]  # xdist carries no types
    """Hands out one test function at a time, so that no process ends long before the others.

    Browser tests are the exception: one process has the browser and the running portal, and runs
    all of them, first, since they take the longest. A test and its parameters are one unit, except
    for the fault matrix: its hundreds of cells fill the time while the storms of `make chaos` rage.
    """

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith("tests/browser/"):
            return "browser"
        return nodeid if nodeid.startswith(MATRIX) else nodeid.partition("[")[0]


@pytest.hookimpl(optionalhook=True)  # with -p no:xdist there is no such hook
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> OneAtATime:
    """Distribute a run in the way above."""
    return OneAtATime(config, log)
