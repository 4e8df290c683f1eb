"""The managed package in an emulated org: its objects, and the Apex REST service it answers.

Today's package is read from its Salesforce DX source, `salesforce/`: a field that is renamed there
has another name here, and whoever still uses the old one fails. The 2016 package, which subscribers
may still have, is kept as it was.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

from emulator.org.org import Field, SObject

SOURCE = Path(__file__).parents[2] / "salesforce" / "force-app" / "main" / "default"
_XML = {"m": "http://soap.sforce.com/2006/04/metadata"}
# The Metadata API's field types by describe()'s; length where the XML has none.
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
    """The package's source holds something that no emulated org can have."""


@dataclass(frozen=True)
class Package:
    """A package, its names without a namespace. `keeps` says which parameter of the service goes to
    which field of Connection__c; `checks_link` whether it takes links to its portal only."""

    objects: tuple[SObject, ...]
    added_fields: Mapping[str, tuple[Field, ...]]
    service: str
    parameters: frozenset[str]
    keeps: Mapping[str, str]
    checks_link: bool


def current() -> Package:
    """Return today's package, read once from its source."""
    return read(SOURCE)


@cache
def read(source: Path) -> Package:
    """Read a package from the `main/default` of its source. Raises Unreadable."""
    directories = sorted(each for each in (source / "objects").iterdir() if each.is_dir())
    data = [each for each in directories if not each.name.endswith("__mdt")]
    own = [each for each in data if each.name.endswith("__c")]
    service, parameters = _read_service(source / "classes")
    return Package(
        objects=tuple(_read_object(each, f"a{n:02d}") for n, each in enumerate(own)),
        added_fields={each.name: tuple(_read_fields(each)) for each in data if each not in own},
        service=service,
        parameters=parameters,
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
        required=_is(node, "required") or kind == "MasterDetail",
        unique=_is(node, "unique"),
        external_id=_is(node, "externalId"),
        reference_to=_text(node, "referenceTo") or None,
        updateable=kind != "AutoNumber" and not _text(node, "formula"),
    )


def _parse(file: Path) -> ElementTree.Element:
    return ElementTree.parse(file).getroot()  # noqa: S314 (the project's own files)


def _text(node: ElementTree.Element, path: str) -> str:
    steps = "/".join(f"m:{step}" for step in path.split("/"))
    return (node.findtext(steps, "", _XML) or "").strip()


def _is(node: ElementTree.Element, name: str) -> bool:
    return _text(node, name) == "true"


def original() -> Package:
    """Return the package of 2016: no id of a tweet, no text twice, and any link is kept."""
    tweet = (
        Field("Name", "string", 80, updateable=False),
        Field("Account__c", "reference", 18, required=True, reference_to="Account"),
        Field("Author_Username__c", "string", 255, required=True),
        Field("Body__c", "string", 255, required=True, unique=True),
        Field("Likes__c", "double"),
        Field("Retweets__c", "double"),
        Field("Time__c", "datetime"),
    )
    connection = (
        Field("Name", "string", 80, updateable=False),
        Field("Auth_URL__c", "textarea", 32768),
    )
    return Package(
        objects=(
            SObject("Connection__c", connection, "a00", "{:07d}"),
            SObject("Tweet__c", tweet, "a01", "{:07d}"),
        ),
        added_fields={"Account": (Field("Twitter__c", "string", 255),)},
        service="AuthConnection",
        parameters=frozenset({"connectionId", "authorizeUrl"}),
        keeps={"authorizeUrl": "Auth_URL__c"},
        checks_link=False,
    )


PACKAGES: Mapping[str, Callable[[], Package]] = {"current": current, "2016": original}
