"""Check a mapping file as the portal does when a version is added, for a terminal or CI."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from connect.clients import http
from connect.mappings import asking, lint, placeholders, plans, uploads
from connect.mappings.documents import MappingDocument
from connect.models import Connection
from tenants import orgid


class Command(BaseCommand):
    """Exit code 0: no errors. 1: errors. 2: the file, the org or a plan cannot be used."""

    help = (
        "Check a mapping file: an export of Heroku Connect, or one with {ns}. "
        "Exit code 1 if it has errors, 2 if it cannot be checked."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="The file, or - for standard input.")
        parser.add_argument("--org", help="A tenant's org id: its org is asked what it has.")
        parser.add_argument(
            "--plan",
            action="append",
            help="e.g. herokuconnect:demo; may be repeated. Else every plan that tenants can have.",
        )
        parser.add_argument("--json", action="store_true", help="Write JSON.")

    def handle(self, *args: Any, **options: Any) -> None:
        document, given = _read(options["file"]), _plans(options["plan"])
        connection = _connection(options["org"]) if options["org"] else None
        found = _check(document, connection, given)
        write = self._write_json if options["json"] else self._write_text
        write(options["file"], found)
        if lint.errors(found):
            raise SystemExit(1)

    def _write_json(self, name: str, found: list[lint.Finding]) -> None:
        body = {
            "file": name,
            "errors": len(lint.errors(found)),
            "warnings": len(lint.warnings(found)),
            "findings": [each.as_json() for each in found],
        }
        self.stdout.write(json.dumps(body, indent=2, ensure_ascii=False))

    def _write_text(self, name: str, found: list[lint.Finding]) -> None:
        for each in found:
            self.stdout.write(f"{each.severity}: {each.explained}")
        errors, warnings = len(lint.errors(found)), len(lint.warnings(found))
        self.stdout.write(f"{name}: errors {errors}, warnings {warnings}.")


def _read(name: str) -> MappingDocument:
    try:
        data = Path("/dev/stdin" if name == "-" else name).read_bytes()
        return uploads.read(data)
    except OSError as error:
        raise _unusable(f"{name} cannot be read: {error.strerror}.") from None
    except uploads.BadUpload as error:
        raise _unusable(f"{name}: {error}") from None


def _plans(given: list[str] | None) -> list[str]:
    for each in given or ():
        if not lint.is_plan(each):
            raise _unusable(f"{each} is not a plan. Write it as herokuconnect:demo.")
    return given or []


def _connection(org: str) -> Connection:
    try:
        wanted = orgid.normalize(org)
    except orgid.BadOrgId:
        raise _unusable(f"{org} is not an organization id.") from None
    found = Connection.objects.filter(tenant__org_id=wanted, offboarded_at=None)
    connection = found.exclude(connection_id="").select_related("tenant").first()
    if connection is None:
        raise _unusable(f"{org} has no connection through which its org could be asked.")
    return connection


def _check(
    document: MappingDocument, connection: Connection | None, given: list[str]
) -> list[lint.Finding]:
    if connection is None:
        org = lint.OrgFacts(settings.FORCE_NAMESPACE)
        filled = placeholders.fill(document, org.namespace)
        return lint.check_plans(filled, given or plans.possible(), org)
    namespace = connection.tenant.namespace
    filled = placeholders.fill(document, namespace)
    try:
        with http.working_for(connection.tenant.org_id):
            asked = asking.ask(asking.of(connection), filled)
    except http.RemoteError as error:
        raise _unusable(f"The org could not be asked. {error.words}") from None
    org = lint.OrgFacts(namespace, asked)
    found = lint.check_plans(filled, given or [connection.plan], org)
    return asking.left_out(filled, asked) + found


def _unusable(text: str) -> CommandError:
    return CommandError(text, returncode=2)
