"""`lint_mappings` finds in a file what the portal would, for a terminal and for CI."""

import json
import re
import shlex
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests import cast
from tests.connect import fleet as fleets
from tests.connect.fleet import Fleet
from tests.documents import ROOT

PAGE = ROOT / "docs/mappings.md"
COMMAND = re.compile(r"(?m)^python manage\.py lint_mappings mappings\.json (.+)$")
FAST = fleets.document(Account=fleets.config(sf_polling_seconds=120))


def run(file: Path, *options: str) -> tuple[int, str]:
    """Run the command; return its exit code and what it wrote."""
    out = StringIO()
    try:
        call_command("lint_mappings", str(file), *options, stdout=out)
    except SystemExit as ended:
        return int(str(ended.code)), out.getvalue()
    except CommandError as refused:
        return refused.returncode, str(refused)
    return 0, out.getvalue()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "mappings.json"


def write(file: Path, document: Any) -> Path:
    file.write_text(json.dumps(document))
    return file


def test_the_exit_code_tells_whether_there_are_errors(file: Path) -> None:
    demo = ("--plan", "herokuconnect:demo")
    assert run(write(file, fleets.FIRST), *demo) == (0, f"{file}: errors 0, warnings 0.\n")
    code, said = run(write(file, FAST), *demo)
    assert code == 1
    assert "error: Account: sf_polling_seconds is 120, and the floor of the plan demo is 600." in (
        said
    )
    assert "If it is sent anyway: " in said
    assert run(file, "--plan", "herokuconnect:enterprise")[0] == 0


@pytest.mark.django_db
def test_without_a_plan_each_plan_that_tenants_may_have_is_checked(file: Path) -> None:
    write(file, FAST)
    assert run(file)[0] == 1
    cast.connect(cast.enrol(cast.BOREALIS), plan="herokuconnect:enterprise")
    code, said = run(file)
    assert (code, "warning: Account" in said) == (0, True)


def test_json_is_for_programs(file: Path) -> None:
    code, said = run(write(file, FAST), "--plan", "herokuconnect:demo", "--json")
    found = json.loads(said)
    assert (code, found["errors"], found["warnings"]) == (1, 1, 0)
    (finding,) = found["findings"]
    assert (finding["rule"], finding["object"], finding["severity"]) == (
        "polling",
        "Account",
        "error",
    )


@pytest.mark.django_db
def test_an_org_is_asked_through_its_tenants_connection(file: Path, emulator: Any) -> None:
    fleet = Fleet(emulator, fleets.version(fleets.FIRST))
    member = fleet.add(cast.ACME, lacks_segment=True)
    write(file, fleets.SECOND)
    assert run(file)[0] == 0
    code, said = run(file, "--org", member.org_id)
    assert (code, "Account.Segment__c: The org does not have this field." in said) == (1, True)
    emulator.fail("region", path="/schemas/", status=400)
    code, said = run(file, "--org", member.org_id)
    assert (code, said.startswith("The org could not be asked.")) == (2, True)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        ("{", (), "The JSON is malformed"),
        (None, (), "cannot be read: No such file"),
        ("{}", (), "Its “mappings” must be a list"),
        ('{"mappings": []}', ("--plan", "demo"), "demo is not a plan. Write it as"),
        ('{"mappings": []}', ("--org", "nonsense"), "nonsense is not an organization id."),
        ('{"mappings": []}', ("--org", cast.ACME["org_id"]), "has no connection"),
    ],
)
def test_what_cannot_be_checked_has_another_exit_code(
    file: Path, text: str | None, options: tuple[str, ...], said: str
) -> None:
    if text is not None:
        file.write_text(text)
    code, words = run(file, *options)
    assert (code, said in words) == (2, True)


@pytest.mark.django_db
def test_the_commands_of_the_page_check_a_file(file: Path, emulator: Any) -> None:
    by_plan, by_org = (shlex.split(each) for each in COMMAND.findall(PAGE.read_text()))
    code, said = run(write(file, FAST), *by_plan)
    assert (code, f"{file}: errors 1, " in said) == (1, True)
    member = Fleet(emulator, fleets.version(fleets.FIRST)).add(cast.ACME, lacks_segment=True)
    assert member.org_id in by_org
    code, said = run(write(file, fleets.SECOND), *by_org)
    assert (code, json.loads(said)["errors"]) == (1, 1)
