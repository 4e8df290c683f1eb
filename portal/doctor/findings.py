"""What a check has found: all is well, skipped (why), or failed (what is wrong, what to do)."""

import re
from dataclasses import dataclass
from enum import StrEnum

from connect.formats import sentence
from tenants.redaction import redact

# Messages of the system checks and of the probes end with the command, if there is one.
_COMMAND = re.compile(r"(?s)(?P<text>.+?)[:.] (?P<command>(?:heroku|python manage\.py) .+)")


class Verdict(StrEnum):
    """The three results of a check."""

    OK = "ok"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True)
class Problem:
    """What is wrong, a sentence; the exact command, or where to click (`url`, `place`)."""

    text: str
    command: str = ""
    url: str = ""
    place: str = ""


@dataclass(frozen=True)
class Finding:
    """The result of a check. `text` is what was seen, or why it was skipped."""

    verdict: Verdict
    text: str = ""
    problems: tuple[Problem, ...] = ()


def ok(text: str) -> Finding:
    """Return that all is well, with what was seen."""
    return Finding(Verdict.OK, text)


def skipped(why: str) -> Finding:
    """Return that nothing was checked."""
    return Finding(Verdict.SKIPPED, why)


def failed(*problems: Problem) -> Finding:
    """Return what is wrong."""
    return Finding(Verdict.FAILED, problems=problems)


def problem(message: str, *, url: str = "", place: str = "") -> Problem:
    """Return a message as a problem: a command at its end stands alone, so it can be copied."""
    found = _COMMAND.fullmatch(redact(message))
    if found is None:
        return Problem(sentence(redact(message)), url=url, place=place)
    return Problem(sentence(found["text"]), found["command"].rstrip("."), url, place)
