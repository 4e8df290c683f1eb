"""`python manage.py doctor`: check, live, all that this installation needs."""

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal import doctor
from portal.doctor.findings import Finding, Problem, Verdict
from portal.project import databases

MARKS = {Verdict.OK: "ok     ", Verdict.SKIPPED: "skipped", Verdict.FAILED: "FAILED "}


class Command(BaseCommand):
    help = "Check, live, all that this installation needs. Exits with 1 if a check fails."
    # What they would say is a part of what is checked.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("names", nargs="*", help="only these checks, e.g. keys mail")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *_args: Any, names: list[str], **options: Any) -> None:
        """Print each check as soon as it has ended. Raises CommandError if one has failed."""
        unknown = set(names) - set(doctor.CHECKS)
        if unknown:
            known = ", ".join(doctor.CHECKS)
            raise CommandError(f"No such check: {', '.join(sorted(unknown))}. There are {known}.")
        databases.limit(databases.WEB)
        chosen = [each for name, each in doctor.CHECKS.items() if not names or name in names]
        found: dict[str, Finding] = {}
        for each in chosen:
            found[each.name] = doctor.run(each)
            if not options["json"]:
                self._print(each.title, found[each.name])
        if options["json"]:
            self.stdout.write(json.dumps({name: asdict(each) for name, each in found.items()}))
        failed = sum(each.verdict == Verdict.FAILED for each in found.values())
        if failed:
            raise CommandError(f"{failed} of {len(found)} checks failed.")

    def _print(self, title: str, found: Finding) -> None:
        said = f": {found.text}" if found.text else ""
        self.stdout.write(f"{MARKS[found.verdict]} {title}{said}")
        for each in found.problems:
            self.stdout.write("\n".join(_lines(each)))


def _lines(problem: Problem) -> list[str]:
    # An address of the portal's own is named by its place: the menu has it.
    link = problem.url if problem.url.startswith("http") else ""
    place = ", ".join(filter(None, (problem.place, link)))
    where = f"        where: {place}" if place else ""
    command = f"        run:   {problem.command}" if problem.command else ""
    return [f"        {problem.text}", *filter(None, (where, command))]
