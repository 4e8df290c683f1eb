"""Audit the locked packages offline: hashes, versions, licences. What it cannot see, it says.

Known holes are not among it, because their list changes daily: `make audit` asks for them.
"""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from packaging.markers import Marker
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
NAMES = ("requirements", "requirements-tracing", "requirements-dev")
# Licences under which the portal may use a package as it is. GPL and AGPL are not among them.
ALLOWED = frozenset(
    {
        *("0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MIT-0", "MPL-2.0"),
        *("PSF-2.0", "LGPL-3.0-only"),
        # The names of Python's older classifiers.
        *("MIT License", "BSD License", "3-Clause BSD License", "Apache Software License"),
        *("Mozilla Public License 2.0 (MPL 2.0)", "Python Software Foundation License"),
    }
)
# Read by hand, because their metadata say too little or too much.
READ = frozenset({"qrcode"})  # BSD; the part that it took over is MIT
NOT_SEEN = (
    "Not looked up: known holes and withdrawn releases, which need the network (make audit); and"
    " whether a package is what its author meant to publish."
)

_PIN = re.compile(
    r"^([A-Za-z0-9._-]+)(?:\[[\w,-]+\])?==([^\s;]+)"
    r"\s*(?:;\s*([^\\#]+?))?\s*(?:[\\#].*)?$"  # a marker, then a comment or the next line
)


@dataclass(frozen=True)
class Pin:
    """A package with its exact version. `marker` says for which Python it is needed."""

    name: str
    version: str
    hashes: int
    marker: str

    @property
    def is_needed(self) -> bool:
        """Whether this Python needs it."""
        return not self.marker or Marker(self.marker).evaluate()


def pins(text: str) -> list[Pin]:
    """Read a requirements file or a lock; the lines of a lock's hashes follow their package."""
    found: list[Pin] = []
    for block in re.split(r"\n(?=\S)", text):
        if match := _PIN.match(block.partition("\n")[0]):
            name, version, marker = match.groups()
            hashes = len(re.findall(r"--hash=sha256:[0-9a-f]{64}\b", block))
            found.append(Pin(canonicalize_name(name), version, hashes, marker or ""))
    return found


def unlocked(name: str) -> Iterator[str]:
    """Yield what a requirements file asks for and its lock does not hold in that version."""
    locked = {pin.name: pin.version for pin in pins((ROOT / f"{name}.lock").read_text())}
    for pin in pins((ROOT / f"{name}.txt").read_text()):
        if locked.get(pin.name) != pin.version:
            yield f"{name}.lock has not {pin.name}=={pin.version}: make lock"


def unhashed(name: str) -> Iterator[str]:
    """Yield the packages of a lock without a hash."""
    for pin in pins((ROOT / f"{name}.lock").read_text()):
        if not pin.hashes:
            yield f"{name}.lock has no hash for {pin.name}: make lock"


def not_as_locked(pin: Pin) -> Iterator[str]:
    """Yield how an installed package differs from its pin, and a licence that is not allowed."""
    try:
        installed = metadata.distribution(pin.name)
    except metadata.PackageNotFoundError:
        yield f"{pin.name} is not installed: make test installs it"
        return
    if installed.version != pin.version:
        yield f"{pin.name} is installed as {installed.version}, not {pin.version}"
    names = licences(installed)
    if pin.name not in READ and (not names or not names <= ALLOWED):
        yield f"{pin.name} has the licence {', '.join(sorted(names)) or 'unknown'}: not allowed"


def licences(installed: metadata.Distribution) -> set[str]:
    """Return the names of a package's licences; with OR the one that is allowed is enough."""
    headers = installed.metadata.json
    expression = str(headers.get("license_expression", ""))
    if not expression:
        classifiers = installed.metadata.get_all("Classifier") or []
        given = [each.rpartition(" :: ")[2] for each in classifiers if each.startswith("License")]
        expression = " AND ".join(given) or str(headers.get("license", ""))
    parts = (part.split(" OR ") for part in re.sub(r"[()]", "", expression).split(" AND "))
    chosen = (next((one for one in part if one in ALLOWED), part[0]) for part in parts)
    # A classifier's own brackets were taken away with those of expressions.
    return {name.replace("MPL 2.0", "(MPL 2.0)") for name in chosen if name}


def problems() -> list[str]:
    """Return everything that is wrong, one line each."""
    files = [line for name in NAMES for check in (unlocked, unhashed) for line in check(name)]
    needed = {
        pin.name: pin
        for name in NAMES
        for pin in pins((ROOT / f"{name}.lock").read_text())
        if pin.is_needed
    }
    return files + [line for pin in needed.values() for line in not_as_locked(pin)]


def main() -> int:
    """Print the problems and what was not looked at; return the exit code."""
    found = problems()
    print("\n".join([*found, NOT_SEEN]))
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
