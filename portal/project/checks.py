"""System checks: one id and one line for each setting that is missing or wrong.

The portal's rules are in the modules that end in `_rules`. A use case adds its own with `rule`, and
its settings to NUMBERS and BASE_URLS.

Errors stop manage.py commands, gunicorn (`stop_on_errors`) and the worker; warnings are shown by
`python manage.py check` and in Heroku's release log.
"""

import sys
from collections.abc import Callable, Iterator
from typing import Any

from django.core import checks

SETTINGS = "multiconnect"  # the tag of all of them

Rule = Callable[[], Iterator[str]]
RULES: dict[str, Rule] = {}
DEPLOYMENT: set[str] = set()  # the rules that only `check --deploy` runs

NUMBERS = {  # the smallest that makes sense, and the usual one
    "WORKERS": (1, 2),
    "WORKER_THREADS": (1, 2),
    "SESSION_IDLE_MINUTES": (1, 30),
    "AUDIT_DAYS": (400, 730),
    "MAPPING_CALLS_PER_HOUR": (50, 4500),
    "REGISTRATIONS_PER_HOUR": (1, 200),
    "REGISTRATIONS_PER_HOUR_TOTAL": (1, 2000),
    "UNPROVEN_MAILS_PER_HOUR": (1, 100),
    "UNPROVEN_TENANTS": (1, 1000),
    "NEW_ADDONS_PER_DAY": (1, 100),
    "OFFBOARDING_GRACE_DAYS": (0, 7),
    "TRUSTED_PROXIES": (0, 1),
    "KEEP_CALLOUTS_DAYS": (1, 90),
    "KEEP_UNPROVEN_DAYS": (1, 30),
    "KEEP_MESSAGES_DAYS": (1, 365),
    "KEEP_EVENTS_DAYS": (30, 1095),
    "KEEP_SAMPLES_DAYS": (31, 400),
    "KEEP_LOST_GRANTS_DAYS": (1, 30),
    "KEEP_WEBHOOKS_DAYS": (3, 30),
    "API_CALLS_PER_HOUR": (1, 3600),
}
BASE_URLS = [
    "HEROKU_API_URL",
    "HEROKU_CONNECT_URL",
    "SALESFORCE_LOGIN_URL",
    "SALESFORCE_TEST_URL",
    "SALESFORCE_MY_DOMAIN_URL",
    "HEROKU_PAGES_URL",
]
# What the portal fills into an address.
BLANKS = {"SALESFORCE_MY_DOMAIN_URL": "{domain}", "HEROKU_PAGES_URL": "{site}"}
# gunicorn stops completely on this exit code of a worker; on others it starts a new worker.
APP_LOAD_ERROR = 4


def rule(number: str, *, deploy: bool = False) -> Callable[[Rule], Rule]:
    """Register a rule under multiconnect.<number>; E stops the start, W only warns."""

    def register(function: Rule) -> Rule:
        RULES[number] = function
        if deploy:
            DEPLOYMENT.add(number)
        return function

    return register


@checks.register(SETTINGS)
def settings_are_right(**_: Any) -> list[checks.CheckMessage]:
    """Run every rule that holds everywhere."""
    return _run(set(RULES) - DEPLOYMENT)


@checks.register(SETTINGS, deploy=True)
def deployment_is_safe(**_: Any) -> list[checks.CheckMessage]:
    """Run the rules for a portal that others can reach: `check --deploy`."""
    return _run(DEPLOYMENT)


def _run(numbers: set[str]) -> list[checks.CheckMessage]:
    return [
        (checks.Error if number.startswith("E") else checks.Warning)(
            message, id=f"multiconnect.{number}"
        )
        for number, function in RULES.items()
        if number in numbers
        for message in function()
    ]


def stop_on_errors() -> None:
    """Print each serious finding of Django's checks as one line and exit. Raises SystemExit."""
    serious = [each for each in checks.run_checks() if each.is_serious() and not each.is_silenced()]
    for each in serious:
        print(f"{each.id}: {each.msg}", file=sys.stderr, flush=True)  # noqa: T201
    if serious:
        raise SystemExit(APP_LOAD_ERROR)
