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
from xdist.workermanage import WorkerController

from demo import postgres
from tests import template

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
# Each in one process, with its browser and running portal, or with the upgraded database.
LOTS = (
    "tests/browser/test_walk.py",
    "tests/browser/test_buttons.py",
    "tests/browser/test_states.py",
    "tests/browser/",
    "tests/upgrade/",
)
# What takes longest, by `--durations=40`.
LONG = (*LOTS, "tests/chaos/", "tests/portal/test_use_cases.py", "tests/journeys/")


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
    """Exclude what is loaded for the tests from garbage collection: it lives until the end.

    Then collect seldom: the rest ends with its test, mostly without a collection.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(50_000)
        gc.enable()


@pytest.hookimpl(tryfirst=True, optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One process more than there are cores, since one of them mostly waits for the browser."""
    return len(os.sched_getaffinity(0)) + 1


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(config: pytest.Config) -> None:
    """Migrate one database. Each process takes a copy of it."""
    if not config.getoption("reuse_db"):
        config.add_cleanup(template.begin())


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long, so that no process works alone at the end."""
    items.sort(key=lambda item: _place(item.nodeid))


def _place(nodeid: str) -> int:
    return next((n for n, each in enumerate(LONG) if nodeid.startswith(each)), len(LONG))


class OneAtATime(LoadScopeScheduling):  # type: ignore[misc]  # xdist carries no types
    """Hands out one test function at a time, so that no process ends long before the others.

    A test and its parameters are one unit. Two exceptions: what shares a costly fixture is one lot
    in one process (LOTS); and the cells of the fault matrix, hundreds of them, are a unit each:
    they fill the time while the storms of `make chaos` last.
    """

    def _split_scope(self, nodeid: str) -> str:
        lot = next((each for each in LOTS if nodeid.startswith(each)), "")
        if lot:
            return lot
        return nodeid if nodeid.startswith(MATRIX) else nodeid.partition("[")[0]

    def mark_test_complete(self, node: WorkerController, index: int, duration: float = 0) -> None:
        super().mark_test_complete(node, index, duration)
        # xdist counts all units that a process ever had, after each test.
        units = self.assigned_work[node]
        for scope in [scope for scope, unit in units.items() if all(unit.values())]:
            del units[scope]


@pytest.hookimpl(optionalhook=True)  # with -p no:xdist there is no such hook
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> OneAtATime:
    """Distribute a run in the way above."""
    config.option.loadscopereorder = False
    return OneAtATime(config, log)
