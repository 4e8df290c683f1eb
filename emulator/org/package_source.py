"""Reads today's package from its Salesforce DX source, the directory `salesforce/`.

A field that is renamed there has another name in the emulated org too, so that code which still
uses the old name fails in the tests.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

from emulator.org.objects import Field, SObject
from emulator.org.package import Package

_XML = {"m": "http://soap.sforce.com/2006/04/metadata"}
# The Metadata API's field types: describe()'s type, and the length where the XML has none.
_TYPES = {
    "AutoNumber": ("string", 80),
    "Checkbox": ("boolean", 0),
    "Currency": ("currency", 0),
    "Date": ("date", 0),
    "DateTime": ("datetime", 0),
    "Email": ("email", 80),
    "LongTextArea": ("textarea", 0),
    "Lookup": ("reference", 18),
    "MasterDetail": ("reference", 18),
    "MultiselectPicklist": ("multipicklist", 4099),
    "Number": ("double", 0),
    "Percent": ("percent", 0),
    "Phone": ("phone", 40),
    "Picklist": ("picklist", 255),
    "Text": ("string", 255),
    "TextArea": ("textarea", 255),
    "Url": ("url", 255),
}
_SERVICE = re.compile(
    r"@RestResource\s*\(\s*urlMapping\s*=\s*'/([^'*]*?)/?\*?'\s*\)"
    r".*?@HttpPost\s+global\s+static\s+void\s+\w+\s*\(([^)]*)\)",
    re.DOTALL | re.IGNORECASE,
)


class Unreadable(Exception):
    """The package's source holds something that the emulator does not know."""


@cache
def read_source(source: Path) -> Package:
    """Read a package from the `main/default` of its Salesforce DX source. Raises Unreadable."""
    directories = sorted(each for each in (source / "objects").iterdir() if each.is_dir())
    # Custom metadata types hold the package's settings, and Heroku Connect cannot map them.
    data = [each for each in directories if not each.name.endswith("__mdt")]
    own = [each for each in data if each.name.endswith("__c")]
    service, parameters = _read_service(source / "classes")
    return Package(
        objects=tuple(_read_object(each, f"a{n:02d}") for n, each in enumerate(own)),
        added_fields={each.name: tuple(_read_fields(each)) for each in data if each not in own},
        service=service,
        parameters=parameters,
        # Only the Apex code says what goes where, and it is not read.
        keeps={"authorizeUrl": "Auth_URL__c", "connectionId": "Heroku_Connection_Id__c"},
        checks_link=True,
    )


def _read_service(classes: Path) -> tuple[str, frozenset[str]]:
    """Find the one class that takes a POST, its path and the names of its parameters."""
    for each in sorted(classes.glob("*.cls")):
        found = _SERVICE.search(each.read_text())
        if found:
            return found[1], frozenset(part.split()[-1] for part in found[2].split(","))
    raise Unreadable(f"no class in {classes} is a REST service with a POST")


def _read_object(directory: Path, key_prefix: str) -> SObject:
    node = _parse(directory / f"{directory.name}.object-meta.xml")
    display = _text(node, "nameField/displayFormat")
    # An auto number such as C-{0000} becomes Python's C-{:04d}.
    numbered = re.sub(r"\{(0+)\}", lambda zeros: f"{{:0{len(zeros[1])}d}}", display)
    name = Field("Name", "string", 80, required=not display, updateable=not display)
    return SObject(directory.name, (name, *_read_fields(directory)), key_prefix, numbered or None)


def _read_fields(directory: Path) -> Iterator[Field]:
    for each in sorted((directory / "fields").glob("*.field-meta.xml")):
        yield _read_field(each)


def _read_field(file: Path) -> Field:
    node = _parse(file)
    kind = _text(node, "type")
    if kind not in _TYPES:
        raise Unreadable(f"{file}: fields of the type {kind or 'none'} are not emulated")
    described, length = _TYPES[kind]
    return Field(
        name=_text(node, "fullName"),
        type=described,
        length=int(_text(node, "length") or length),
        # A detail cannot exist without its master, so its XML does not say it.
        required=_is(node, "required") or kind == "MasterDetail",
        unique=_is(node, "unique"),
        external_id=_is(node, "externalId"),
        reference_to=_text(node, "referenceTo") or None,
        updateable=kind != "AutoNumber" and not _text(node, "formula"),
        calculated=bool(_text(node, "formula")),
    )


def _parse(file: Path) -> ElementTree.Element:
    return ElementTree.parse(file).getroot()  # noqa: S314 (the project's own files)


def _text(node: ElementTree.Element, path: str) -> str:
    qualified = "/".join(f"m:{part}" for part in path.split("/"))
    return (node.findtext(qualified, "", _XML) or "").strip()


def _is(node: ElementTree.Element, name: str) -> bool:
    return _text(node, name) == "true"
