"""Every command in a block of the documents is run by a test, or a reason says why none can be.

Of a command in a sentence, a test knows at least that it exists, or a reason says why none can.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import documents
from tests.documents import ROOT

_FENCE = re.compile(
    r"^ *(?P<mark>```|~~~)(?P<kind>\w*)[^\n`]*\n(?P<text>.*?)^ *(?P=mark)$",
    re.DOTALL | re.MULTILINE,
)
_INDENTED = re.compile(r"(?<=\n\n)(?:(?: {4,}|\t)\S.*\n)+")
# Every other block may hold commands.
_NO_SHELLS = ("html", "java", "json", "mermaid", "python", "sql")
_TYPED = re.compile(r"(?m)^\$ .*\n(?:> .*\n)*")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_TO_FILL_IN = re.compile(r"<\w[^<>|;&\n]*>")
_COMMENT = re.compile(r"(?:^|\s)#.*$", re.MULTILINE)
# At the beginning of a line, and behind what joins or contains commands.
_COMMAND = re.compile(
    r"(?:^[({!]*|[&|;`]|\$\()[ \t]*(?:\w+=[^\s(`]*[ \t]+)*"
    r"(?P<program>[a-z.~/][\w./-]*)(?![\w./=-])(?P<words>(?:[ \t]+(?:(?!\$\()[^\s&|;()`])+)*)",
    re.MULTILINE,
)
# A command in a sentence has more than one word.
_SPOKEN = re.compile(r"(?:[A-Z_]+=\S+ )*[.~/]*[a-z][\w./-]* ")


@dataclass(frozen=True)
class Row:
    """Commands of a page: which test runs them from the page itself, or why none can."""

    page: str
    kinds: str  # joined by commas; "date 2" where there are two
    by: str = ""
    why: str = ""

    def commands(self) -> Iterator[tuple[str, str, int]]:
        for each in self.kinds.split(", "):
            words = each.split()
            times = int(words.pop()) if words[-1].isdigit() else 1
            yield self.page, " ".join(words), times


CI = ".ci/run"
FIRST_RUN = (
    "tests/demo/test_first_run.py::"
    "test_a_fresh_clone_and_make_demo_are_all_it_takes_and_ctrl_c_ends_it"
)
TOUR = (
    "tests/emulator/test_tour.py::"
    "test_every_command_prints_what_the_tour_says_and_a_kill_loses_nothing"
)
HEROKU = (
    "needs an account at Heroku; test_every_documented_command_of_heroku_exists asks its client"
)
SALESFORCE = "needs a Dev Hub or an org of Salesforce"
PLUGIN = "its client is in no package registry; it was tried by hand, as the page says"

TABLE = (
    Row("README.md", "make demo", by=FIRST_RUN),
    Row("README.md", "make test", by=CI),
    Row("CONTRIBUTING.md", "git clone, cd, make demo", by=FIRST_RUN),
    Row("CONTRIBUTING.md", "make test, make check", by=CI),
    Row(
        "docs/api.md",
        "curl 4",
        by="tests/portal/integrations/test_guides.py::test_the_examples_of_the_api_read_the_fleet",
    ),
    Row(
        "docs/deploying.md",
        "python -m venv, python -m pip, manage.py collectstatic, manage.py migrate, "
        "manage.py setup_portal, gunicorn, manage.py worker",
        by="tests/portal/test_other_hosts.py::"
        "test_the_commands_of_the_page_start_a_portal_that_is_ready",
    ),
    Row(
        "docs/deploying.md",
        "docker compose up 2, docker compose run 4, docker compose stop",
        why="needs Docker's service, which neither CI nor the machine of the tests has",
    ),
    Row(
        "docs/deploying.md",
        "docker compose exec 2",
        by="tests/portal/test_other_hosts.py::test_the_backup_of_the_page_brings_the_tenants_back",
    ),
    Row(
        "docs/emulator-tour.md",
        "python -m emulator, curl 33, cut 2, grep 12, head 2, psql 6, sort",
        by=TOUR,
    ),
    Row(
        "docs/emulator.md",
        "python -m emulator, curl 2",
        by="tests/emulator/test_tour.py::test_the_commands_of_the_guide_break_something_and_fix_it",
    ),
    Row(
        "docs/emulator.md",
        "heroku 4, export 3, git clone, cd, npm 2",
        why=f"{PLUGIN}; heroku: {HEROKU}",
    ),
    Row(
        "docs/first-use-case.md",
        "set, ., manage.py makemigrations, ruff 2, python -m pytest",
        by="tests/portal/test_use_cases.py::"
        "test_another_one_is_added_by_the_steps_of_its_page_and_touches_nothing",
    ),
    Row("docs/getting-started.md", "make demo", by=FIRST_RUN),
    Row("docs/getting-started.md", "heroku 19, sed", why=HEROKU),
    Row(
        "docs/getting-started.md",
        "openssl 2, manage.py generate_secret",
        by="tests/portal/test_generate_secret.py::test_the_keys_of_the_page_are_taken_by_the_portal",
    ),
    Row("docs/host-apps.md", "heroku 2", why=HEROKU),
    Row(
        "docs/mappings.md",
        "manage.py lint_mappings 2",
        by="tests/portal/test_lint_mappings.py::test_the_commands_of_the_page_check_a_file",
    ),
    Row(
        "docs/registration.md",
        "curl 2, date, printf, openssl, sed",
        by="tests/tenants/test_documented_clients.py::"
        "test_each_documented_client_registers_the_org",
    ),
    Row("docs/salesforce-package.md", "sf 11, cd, grep, echo", why=SALESFORCE),
    Row(
        "docs/salesforce-package.md",
        "python -m scripts.client_app",
        why=f"{SALESFORCE}, for the link; tests/scripts/test_client_app.py fills one in",
    ),
    Row(
        "docs/webhooks.md",
        "date, printf 2, base64 2, od, tr, openssl, curl",
        by="tests/portal/integrations/test_guides.py::"
        "test_the_shell_example_of_webhooks_signs_as_the_portal_does",
    ),
)

OF_MANAGE = "tests/test_docs.py::test_commands_of_manage_exist_with_their_options"
# Programs of commands in sentences: which test knows that the commands exist, or why none can.
IN_SENTENCES = {
    "make": "tests/test_docs.py::test_make_commands_exist",
    **dict.fromkeys(("manage.py", "check", "doctor", "lint_mappings", "reconcile"), OF_MANAGE),
    "python": "tests/test_docs.py::test_modules_that_are_run_exist",
    "heroku": "tests/contract/test_documented_commands.py::"
    "test_every_documented_command_of_heroku_exists",
    "curl": "tests/emulator/test_tour.py::test_the_command_in_a_sentence_of_the_tour_empties_it",
    "kill": TOUR,
    "openssl": "tests/portal/test_generate_secret.py::"
    "test_the_keys_of_the_page_are_taken_by_the_portal",
    **dict.fromkeys(
        ("pip", "pre-commit"),
        "tests/demo/test_first_run.py::test_the_hooks_of_the_guide_are_installed",
    ),
    "git": "pull and push need a repository elsewhere",
    "mypy": "it has its options from pyproject.toml, when make check runs it",
    "sf": SALESFORCE,
}
NO_PROGRAMS = ("any", "default-src", "incident", "single")  # other codes of several words


def typed(text: str) -> str:
    """Return what is typed of a block: no prompts, answers, comments and quoted words."""
    if prompted := _TYPED.findall(text):
        text = "".join(re.sub(r"(?m)^[$>] ", "", each) for each in prompted)
    lines = _COMMENT.sub("", _TO_FILL_IN.sub("…", text)).replace("\\\n", " ")
    return _QUOTED.sub(_contained, re.sub(r"(?m)^[ \t]+", "", lines))


def _contained(quoted: re.Match[str]) -> str:
    """Return the commands in quotes; in single ones there are none."""
    inner = [] if quoted[0][0] == "'" else re.findall(r"\$\([^)]*\)", quoted[0])
    return "…" + "".join(inner)


def kinds(text: str) -> Iterator[str]:
    """Name each command: by its program, and what it is to do where that has many tasks."""
    for found in _COMMAND.finditer(text):
        name, words = found["program"].rpartition("/")[2], found["words"].split()
        if name in ("python", "python3") and "manage.py" in words:
            yield f"manage.py {words[words.index('manage.py') + 1]}"
        elif name in ("python", "python3") and "-m" in words:
            yield f"python -m {words[words.index('-m') + 1]}"
        elif name in ("make", "git"):
            yield " ".join((name, *words[:1]))
        elif name == "docker":
            yield " ".join((name, *words[:2]))
        else:
            yield name


def commands(path: Path) -> Counter[str]:
    """Return the kinds of commands in a document's blocks, and how many there are of each."""
    text = path.read_text()
    found = [each["text"] for each in _FENCE.finditer(text) if each["kind"] not in _NO_SHELLS]
    found += _INDENTED.findall(_FENCE.sub("", text))
    return Counter(kind for each in found for kind in kinds(typed(each)))


def programs(path: Path) -> set[str]:
    """Return the programs of the commands in a document's sentences."""
    codes = [each for each in documents.inline_code(path) if _SPOKEN.match(each)]
    return {kind.split()[0] for each in codes for kind in kinds(typed(each))}


def test_every_command_of_the_documents_is_in_the_table_and_nothing_else_is() -> None:
    found = {
        (str(path.relative_to(ROOT)), kind, times)
        for path in documents.documents()
        for kind, times in commands(path).items()
    }
    rows = [each for row in TABLE for each in row.commands()]
    assert sorted(found) == sorted(rows)


def file_of(test: str) -> str:
    """Return the text of a test's file, in which the test has to be."""
    path, _, name = test.partition("::")
    text = (ROOT / path).read_text()
    assert re.search(rf"(?m)^def {name}\(", text)
    return text


def test_each_row_has_a_test_or_a_reason() -> None:
    assert [row for row in TABLE if bool(row.by) == bool(row.why)] == []


@pytest.mark.parametrize("row", [row for row in TABLE if row.by], ids=lambda row: row.page)
def test_who_runs_a_command_exists_and_reads_it_from_its_page(row: Row) -> None:
    if row.by == CI:
        run = re.findall(r"(?m)^make \w+", (ROOT / CI).read_text())  # some with ARGS
        assert set(row.kinds.split(", ")) <= set(run)
    else:
        assert f'{Path(row.page).name}"' in file_of(row.by)


def test_every_command_in_a_sentence_is_known_to_a_test_or_has_a_reason() -> None:
    found = {each for path in documents.documents() for each in programs(path)}
    assert sorted(found) == sorted({*IN_SENTENCES, *NO_PROGRAMS})


@pytest.mark.parametrize("test", sorted({each for each in IN_SENTENCES.values() if "::" in each}))
def test_who_knows_a_command_exists(test: str) -> None:
    assert file_of(test)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "```sh\nA=$(date +%s) b='x | y'  # do's\ncurl -d \\\n  \"$b\" $A | head -1\n```",
            "date curl head",
        ),
        ("1. Do:\n\n        sf org open && cd hub\n", "sf cd"),
        ("   ```\n   PORT=1 .venv/bin/gunicorn x\n   ```", "gunicorn"),
        ("```console\n$ psql $D \\\n>     -c 'SELECT 1'\nrm is printed\n```", "psql"),
        ("```python\nimport os\n```\n\n```\nPOST /organizations   (a slash)\n```", ""),
        ("```shell\ndate\n```\n\n```sh title=x\nsf org\n```\n\n~~~\ncut -d, x\n~~~", "date sf cut"),
        ("```\n$ date\nrm is printed\n```\n\n\tcut -d, x\n", "date cut"),
        (
            '```\nA=$B psql "$(sf org)" "$A & x"\n/usr/bin/cut `date` & tr a b\n```',
            "psql sf cut date tr",
        ),
        ("```\ndate\ndate | date\n```", "date date date"),
        ("```\nsf <the tenants' one>\ncut <the tenants' one>\n```", "sf cut"),
    ],
)
def test_a_command_is_found_wherever_it_stands(tmp_path: Path, text: str, expected: str) -> None:
    path = tmp_path / "page.md"
    path.write_text(f"{text}\n")
    assert sorted(commands(path).elements()) == sorted(expected.split())
