"""The documents agree with the code."""

import pydoc
import re
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class

from portal.actions import action as registry
from portal.project import connection_limits
from portal.project.checks import RULES
from scripts.documents import blocks
from scripts.documents.writers import WRITERS
from tenants.models import MessageKind, Tenant
from tests import documents, floors
from tests.documents import ROOT
from tests.portal.test_deployment import settings_read

DOCUMENTS = documents.documents()
PACKAGES = (*floors.APPS, "emulator", "demo", "bench")
FOLDERS = (*PACKAGES, "tests", "scripts", "docs", "salesforce")
PLACE = re.compile(rf"({'|'.join(FOLDERS)})(/[\w.-]+)+/?")
NAME = re.compile(rf"({'|'.join(PACKAGES)})(\.(?!py$|json$|md$)\w+)+(\(\))?")


def named(path: Path) -> str:
    """Return the id of a test on a document."""
    return str(path.relative_to(ROOT))


def is_known(name: str) -> bool:
    """Whether a dotted name is a module or stands for something in one.

    The models of an app may be named without "models", e.g. "connect.Stage".
    """
    app, _, rest = name.removesuffix("()").partition(".")
    return any(pydoc.locate(each) for each in (f"{app}.{rest}", f"{app}.models.{rest}"))


# --- every document ------------------------------------------------------------------------------


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_every_row_of_a_table_has_as_many_cells_as_its_header(path: Path) -> None:
    uneven = [
        row for each in documents.tables(path) for row in each.rows if len(row) != len(each.header)
    ]
    assert uneven == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_links_to_files_and_chapters_lead_somewhere(path: Path) -> None:
    broken = []
    for link in documents.links(path):
        if ":" in link:
            continue
        file, _, chapter = link.partition("#")
        target = path.parent / file if file else path
        if not target.exists() or (chapter and chapter not in documents.headings(target)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_files_that_are_named_exist(path: Path) -> None:
    places = [each for each in documents.inline_code(path) if PLACE.fullmatch(each)]
    given = documents.files(path)  # in full, by the document itself
    assert [each for each in places if not (ROOT / each).exists() and each not in given] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_python_names_that_are_named_exist(path: Path) -> None:
    names = [each for each in documents.inline_code(path) if NAME.fullmatch(each)]
    assert [each for each in names if not is_known(each)] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_make_commands_exist(path: Path) -> None:
    targets = documents.table("CONTRIBUTING.md", "Commands").column()
    commands = [each for each in documents.inline_code(path) if each.startswith("make ")]
    assert {" ".join(each.split()[:2]) for each in commands} <= set(targets)


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_make_commands_in_blocks_exist(path: Path) -> None:
    targets = documents.table("CONTRIBUTING.md", "Commands").column()
    found = re.findall(r"(?m)^(?:\$ )?(make [a-z]+)", "".join(documents.fences(path)))
    assert set(found) <= set(targets)


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_commands_of_manage_exist_with_their_options(path: Path) -> None:
    unknown = []
    apps = get_commands()
    for name, rest in _of_manage(path):
        options = set(re.findall(r"(?<= )--[a-z-]+", rest))
        if name not in apps:
            unknown.append(name)
            continue
        parser = load_command_class(apps[name], name).create_parser("manage.py", name)
        unknown += [f"{name} {each}" for each in options - set(parser._option_string_actions)]
    assert unknown == []


def _of_manage(path: Path) -> list[tuple[str, str]]:
    """Return each command with what follows. A sentence may leave out `manage.py`."""
    named = re.findall(r"manage\.py\s(\w+)([^`\n|&)]*)", path.read_text())
    short = (each.partition(" ") for each in documents.inline_code(path))
    return [
        *named,
        *((name, f" {rest}") for name, _, rest in short if rest and name in get_commands()),
    ]


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_modules_that_are_run_exist(path: Path) -> None:
    missing = []
    for name in re.findall(r"python3?\s-m\s([\w.]+)", path.read_text()):
        with suppress(ModuleNotFoundError):
            found = find_spec(name)
            if found and found.submodule_search_locations:
                found = find_spec(f"{name}.__main__")
            if found:
                continue
        missing.append(name)
    assert missing == []


def test_every_block_has_its_place_in_a_document() -> None:
    placed = {name for path in DOCUMENTS for name in blocks.names(path.read_text())}
    assert placed == set(WRITERS)


def test_blocks_are_what_the_code_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert [named(path) for path, _ in blocks.stale(DOCUMENTS, WRITERS)] == []


# --- tables --------------------------------------------------------------------------------------


TENANTS_URLS = "TENANTS_…_URL"  # stands for any number of names


def test_readme_documents_exactly_the_settings_that_are_read() -> None:
    readmes = [ROOT / name / "README.md" for name in ("", *floors.USE_CASES)]
    names = [
        name
        for path in readmes
        if path.exists()
        for each in documents.tables(path)
        if each.header[0] == "setting"
        for name in each.column()
    ]
    assert len(names) == len(set(names))
    assert set(names) == {*settings_read(), TENANTS_URLS}


def test_every_action_is_documented() -> None:
    documented = documents.table("docs/operating.md", "Actions").column()
    labels = [each.label for each in registry.of(Tenant).values()]
    assert documented[: len(labels)] == labels
    every = {each.label for model in registry.models() for each in registry.of(model).values()}
    assert {each.rpartition(": ")[2] for each in documented} == every


def test_every_kind_of_mail_is_documented() -> None:
    assert documents.table("docs/operating.md", "Mails").column() == list(MessageKind.labels)


def test_every_system_check_is_documented() -> None:
    ids = documents.table("docs/operating.md", "System checks").column()
    numbers = sorted(
        [*RULES, connection_limits.NUMBER], key=lambda number: (number[1:], number)
    )  # E004 stands before W004
    assert ids == [f"multiconnect.{number}" for number in numbers]


def test_readme_leads_a_newcomer_to_the_four_places_that_are_looked_for_first() -> None:
    found = dict(documents.table("README.md", "Where to find it").rows)
    looked_for = ("A callout's entry", "A stage", "An error class", "A staff button")
    assert [name for name in looked_for if "](" not in found[name]] == []


# --- the reader of tables ------------------------------------------------------------------------


def test_a_paragraph_right_below_a_table_is_found_as_an_uneven_row(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text("## Rights\n\n| who | may |\n|---|:-:|\n| a | `x \\| y` |\nSuperusers may.\n")
    (found,) = documents.tables(path)
    assert found.heading == "Rights"
    assert found.header == ["who", "may"]
    assert [len(row) for row in found.rows] == [2, 1]


def test_an_empty_cell_is_a_cell(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text("| | a |\n|---|---|\n| b | |\n| | |\n")
    (found,) = documents.tables(path)
    assert (found.header, found.rows) == (["", "a"], [["b", ""], ["", ""]])
