"""The packages that an emulated org can have: today's, and the original of 2016."""

from collections.abc import Callable, Mapping
from pathlib import Path

from emulator.org.objects import Field, SObject
from emulator.org.package import Package
from emulator.org.package_source import read_source

SOURCE = Path(__file__).parents[2] / "salesforce" / "force-app" / "main" / "default"


def current() -> Package:
    """Return today's package, read once from its source."""
    return read_source(SOURCE)


def original() -> Package:
    """Return the package of 2016: no ids of posts, no text twice, and it keeps any link."""
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


# Functions, so that the source is read when an org needs it and not at the import.
PACKAGES: Mapping[str, Callable[[], Package]] = {"current": current, "2016": original}
