"""The ids of the Dev Hub are filled into the External Client App, once and correctly."""

import re
import shutil
from pathlib import Path

import pytest

from scripts import client_app
from tests.salesforce.source import PACKAGE

LINK = "00Dxx0000001gEREAY:888xx0000004CAr"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """The package's External Client App, in a copy."""
    for folder in ("externalClientApps", "extlClntAppOauthSettings"):
        shutil.copytree(PACKAGE / folder, tmp_path / folder)
    return tmp_path


def value(source: Path, pattern: str, element: str) -> str:
    [file] = source.rglob(pattern)
    found = re.search(rf"<{element}>(.*)</{element}>", file.read_text())
    assert found
    return found[1]


def test_both_files_get_the_ids_of_the_dev_hub(source: Path) -> None:
    changed = client_app.fill(f" {LINK}\n", source)
    assert len(changed) == 2
    scoped = value(source, "*.eca-meta.xml", "orgScopedExternalApp")
    assert scoped == "00Dxx0000001gEREAY:Multiconnect_Portal"
    assert value(source, "*.ecaOauth-meta.xml", "oauthLink") == LINK
    assert client_app.fill(LINK, source) == []


@pytest.mark.parametrize(
    "link", ["", "00Dxx0000001gEREAY", "888xx0000004CAr:00Dxx0000001gER", "00Dxx:888xx", "YOUR:ID"]
)
def test_what_is_no_link_is_refused_with_what_to_do(source: Path, link: str) -> None:
    with pytest.raises(client_app.BadLink, match="Retrieve ExtlClntAppOauthSettings"):
        client_app.fill(link, source)


def test_without_an_argument_the_command_says_which_one() -> None:
    with pytest.raises(client_app.BadLink, match="one argument"):
        client_app.main([])


def test_the_repository_holds_placeholders() -> None:
    assert value(PACKAGE, "*.ecaOauth-meta.xml", "oauthLink") == "YOUR_DEV_HUB:YOUR_CONSUMER"
