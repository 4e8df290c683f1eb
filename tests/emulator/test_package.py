"""What the emulated orgs read from the package's source."""

import shutil
from pathlib import Path

import pytest

from emulator.org import package_source, packages
from emulator.org.installed import objects_of
from emulator.org.objects import Field, SObject
from emulator.org.package_source import Unreadable
from emulator.org.packages import SOURCE


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the source that a test changes."""
    return shutil.copytree(SOURCE, tmp_path / "source")


def edit(copy: Path, file: str, before: str, after: str) -> None:
    text = (copy / file).read_text()
    assert before in text
    (copy / file).write_text(text.replace(before, after))


def named(objects: tuple[SObject, ...], name: str) -> SObject:
    return next(each for each in objects if each.name == name)


def test_the_objects_are_those_of_the_source() -> None:
    found = packages.current()
    assert [each.name for each in found.objects] == ["Connection__c", "Tweet__c"]
    tweet = named(found.objects, "Tweet__c")
    assert tweet.auto_number == "T-{:05d}"
    assert [tweet.field(name) for name in ("Account__c", "Body__c", "Likes__c", "Tweet_Id__c")] == [
        Field("Account__c", "reference", 18, required=True, reference_to="Account"),
        Field("Body__c", "string", 255, required=True),
        Field("Likes__c", "double", 0),
        Field("Tweet_Id__c", "string", 32, unique=True, external_id=True),
    ]
    assert found.added_fields == {
        "Account": (
            Field("Multiconnect_Id__c", "string", 64, unique=True, external_id=True),
            Field("Twitter__c", "string", 255),
        )
    }


def test_the_service_is_that_of_the_class() -> None:
    found = packages.current()
    assert found.service == "AuthConnection"
    assert found.parameters == {"connectionId", "authorizeUrl"}


def test_the_source_is_read_once() -> None:
    assert packages.current() is packages.current()


def test_only_custom_names_get_the_namespace() -> None:
    tweet = named(objects_of("hcmc", packages.current()), "hcmc__Tweet__c")
    names = {each.name for each in tweet.fields}
    assert {"Id", "Name", "hcmc__Account__c", "hcmc__Tweet_Id__c"} < names
    account = named(objects_of("hcmc", packages.current()), "Account")
    assert account.field("hcmc__Twitter__c")


def test_the_packages_settings_are_not_objects_of_an_org() -> None:
    assert not any("Portal" in each.name for each in objects_of("", packages.current()))


def test_what_is_renamed_in_the_source_is_renamed_in_the_org(copy: Path) -> None:
    edit(copy, "objects/Tweet__c/fields/Time__c.field-meta.xml", "Time__c", "Posted__c")
    edit(copy, "classes/AuthConnection.cls", "'/AuthConnection/*'", "'/Link/*'")
    edit(copy, "classes/AuthConnection.cls", "String authorizeUrl", "String link")
    found = package_source.read_source(copy)
    tweet = named(found.objects, "Tweet__c")
    assert tweet.field("Posted__c")
    assert tweet.field("Time__c") is None
    assert found.service == "Link"
    assert found.parameters == {"connectionId", "link"}


def test_the_error_names_a_field_that_is_not_emulated(copy: Path) -> None:
    file = "objects/Tweet__c/fields/Time__c.field-meta.xml"
    edit(copy, file, "<type>DateTime", "<type>Location")
    with pytest.raises(Unreadable, match=r"Time__c.*Location are not emulated"):
        package_source.read_source(copy)


def test_a_package_without_its_service_is_refused(copy: Path) -> None:
    (copy / "classes" / "AuthConnection.cls").unlink()
    with pytest.raises(Unreadable, match="REST service"):
        package_source.read_source(copy)


def test_every_field_of_2016_is_in_todays_package() -> None:
    """If a field were missing, an upgrade would break a subscriber's mapping."""
    today = packages.current()
    for old in packages.original().objects:
        new = named(today.objects, old.name)
        assert {each.name for each in old.fields} <= {each.name for each in new.fields}
