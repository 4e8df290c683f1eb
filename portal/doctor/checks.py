"""The list of checks, and how one is run: within its deadline, and never with an exception."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.conf import settings
from django.core import checks as system_checks
from django.db import DatabaseError, InterfaceError, connection

from connect.clients.http import RemoteError
from connect.formats import sentence
from portal.doctor.findings import Finding, Problem, failed, problem, skipped
from portal.project.checks import SETTINGS
from portal.project.environment import LOOPBACK, host
from tenants.http.deadline import ending_within
from tenants.redaction import redact

log = logging.getLogger(__name__)

SECONDS = 10.0  # of all calls of one check together; a query has the limit of its process
Look = Callable[[], Finding]


@dataclass(frozen=True)
class Check:
    """One check. `rules` are the system checks that belong to it, as "E001" or "security."."""

    name: str
    title: str
    look: Look
    rules: tuple[str, ...] = ()


CHECKS: dict[str, Check] = {}


def check(name: str, title: str, *rules: str) -> Callable[[Look], Look]:
    """Put a check at the end of the list. A second one of the same name is a mistake."""

    def register(look: Look) -> Look:
        if name in CHECKS:
            raise ValueError(f"two checks are named {name!r}")
        CHECKS[name] = Check(name, title, look, rules)
        return look

    return register


def run(each: Check) -> Finding:
    """Run a check. What its system checks say comes first: with it, the rest cannot work."""
    broken = tuple(map(problem, of_rules(*each.rules))) if each.rules else ()
    if broken:
        return failed(*broken)
    try:
        with ending_within(SECONDS):
            return each.look()
    except RemoteError as error:
        return failed(problem(sentence(error.words)))
    except (DatabaseError, InterfaceError) as error:
        first = str(error).strip().partition("\n")[0]
        text = f"The database refuses or does not answer: {sentence(redact(first))}"
        return failed(Problem(text, "heroku pg:info"))
    except Exception as error:  # a check that breaks must not hide the others
        if connection.vendor != "postgresql":
            return skipped("It needs the database, and DATABASE_URL is missing or wrong.")
        log.exception("check failed name=%s", each.name)
        return failed(Problem(f"The check itself failed ({type(error).__name__}): see the log."))


def is_here() -> bool:
    """Return whether the portal's address is on this machine: a trial, and no deployment."""
    return host(settings.PORTAL_URL) in LOOPBACK


def of_rules(*rules: str) -> Iterator[str]:
    """Yield what the system checks of these ids say now."""
    for each in _said():
        if _id(each).startswith(rules):
            yield str(each.msg)


def of_other_rules() -> Iterator[str]:
    """Yield what the system checks say that belong to no check of the list."""
    taken = tuple(rule for each in CHECKS.values() for rule in each.rules)
    for each in _said():
        if not _id(each).startswith(taken):
            yield str(each.msg)


def _said() -> list[system_checks.CheckMessage]:
    # On a laptop nobody else can reach it, and there is no https.
    deployed = not is_here()
    tags = [SETTINGS, *([system_checks.Tags.security] if deployed else [])]
    found = system_checks.run_checks(tags=tags, include_deployment_checks=deployed)
    return [each for each in found if not each.is_silenced()]


def _id(message: system_checks.CheckMessage) -> str:
    return str(message.id).removeprefix(f"{SETTINGS}.")
