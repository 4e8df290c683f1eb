"""The audit of the locked packages."""

from importlib import metadata
from pathlib import Path

import pytest

from scripts import packages
from scripts.packages import NAMES, Pin

LOCK = """# Written by make lock.
django==5.2.19 \\
    --hash=sha256:{0} \\
    --hash=sha256:{1}
async-timeout==5.0.1 ; python_full_version < '3.11.3' \\
    --hash=sha256:{0}
psycopg[binary]==3.3.9
""".format("a" * 64, "b" * 64)


class Package(metadata.Distribution):
    """A package with certain metadata."""

    def __init__(self, **headers: str) -> None:
        self._headers = headers

    def read_text(self, filename: str) -> str | None:
        lines = [f"{name.replace('_', '-')}: {value}" for name, value in self._headers.items()]
        return "\n".join([*lines, "", ""]) if filename == "METADATA" else None

    def locate_file(self, path: object) -> Path:
        raise NotImplementedError


def test_a_lock_is_read_with_extras_markers_and_hashes() -> None:
    assert packages.pins(LOCK) == [
        Pin("django", "5.2.19", 2, ""),
        Pin("async-timeout", "5.0.1", 1, "python_full_version < '3.11.3'"),
        Pin("psycopg", "3.3.9", 0, ""),
    ]


@pytest.mark.parametrize("name", NAMES)
def test_every_package_is_locked_with_a_hash(name: str) -> None:
    assert list(packages.unlocked(name)) == []
    assert list(packages.unhashed(name)) == []


def test_all_locks_have_the_same_versions() -> None:
    product, tracing, development = (
        {pin.name: pin.version for pin in packages.pins((packages.ROOT / f"{n}.lock").read_text())}
        for n in NAMES
    )
    assert (product | tracing).items() <= development.items()
    assert (tracing | product).items() <= development.items()


def test_pip_reads_the_lock_before_the_pins_that_people_write() -> None:
    for name in NAMES:
        lines = (packages.ROOT / f"{name}.txt").read_text().splitlines()
        first = next(line for line in lines if line and not line.startswith("#"))
        assert first == f"-r {name}.lock"


@pytest.mark.parametrize(
    ("headers", "names"),
    [
        ({"License_Expression": "MIT"}, {"MIT"}),
        ({"License_Expression": "GPL-3.0-only OR MIT"}, {"MIT"}),
        ({"License_Expression": "(Apache-2.0 AND ISC)"}, {"Apache-2.0", "ISC"}),
        ({"License_Expression": "MIT AND AGPL-3.0-only"}, {"MIT", "AGPL-3.0-only"}),
        ({"License": "BSD-3-Clause"}, {"BSD-3-Clause"}),
        ({"Classifier": "License :: OSI Approved :: MIT License", "License": "?"}, {"MIT License"}),
        (
            {"Classifier": "License :: OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)"},
            {"Mozilla Public License 2.0 (MPL 2.0)"},
        ),
        ({}, set()),
    ],
)
def test_a_licence_is_read_from_the_metadata(headers: dict[str, str], names: set[str]) -> None:
    assert packages.licences(Package(Metadata_Version="2.4", Name="x", **headers)) == names


def test_another_version_a_missing_package_and_a_wrong_licence_are_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert "not installed" in next(packages.not_as_locked(Pin("no-such-package", "1", 1, "")))
    assert "not 1" in next(packages.not_as_locked(Pin("django", "1", 1, "")))
    monkeypatch.setattr(packages, "ALLOWED", frozenset({"MIT"}))
    version = metadata.version("django")
    assert "BSD-3-Clause" in next(packages.not_as_locked(Pin("django", version, 1, "")))
