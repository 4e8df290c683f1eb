"""The pictures of the documents are those that `make screenshots` renders."""

import re
import subprocess
import tempfile
from pathlib import Path

import pytest

from bench.screenshots.capture import LOOKS, TO
from bench.screenshots.seeding import seed
from tests import documents
from tests.documents import ROOT

_PICTURE = re.compile(r"\.(?:png|jpe?g|gif|svg|webp)$")
_SHOWN = re.compile(r"!\[[^\]]*\]\(([^)\s]+)\)|<img[^>]*src=\"([^\"]+)\"")


def pictures() -> set[Path]:
    """Return every picture that a document shows or links to."""
    found = set()
    for page in documents.documents():
        links = {each for each in documents.links(page) if _PICTURE.search(each)}
        links |= {one or other for one, other in _SHOWN.findall(page.read_text())}
        found |= {(page.parent / each).resolve() for each in links}
    return found


@pytest.mark.django_db(transaction=True, reset_sequences=True)  # as in a new database
def test_every_picture_in_a_document_is_rendered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # for the mails
    rendered = {TO / f"{name}-{look.name}.png" for name in seed() for look in LOOKS}
    assert len(pictures()) > 5
    assert pictures() - rendered == set()


def test_those_that_the_documents_show_are_kept_and_no_others() -> None:
    listed = ("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", TO)
    said = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {ROOT / each for each in said.split("\0") if each} == pictures()
