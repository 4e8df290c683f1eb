"""Heroku Connect's calls about single mappings, describes and API versions."""

import pytest

from connect.clients import heroku_connect, heroku_mappings, http
from connect.clients.accounts import Remote, remote_of
from emulator import Running
from tests.connect import fleet as fleets
from tests.connect.fleet import Fleet, Member

pytestmark = pytest.mark.django_db


@pytest.fixture
def fleet(emulator: Running) -> Fleet:
    return Fleet(emulator, fleets.version(fleets.FIRST))


@pytest.fixture
def member(fleet: Fleet) -> Member:
    return fleet.add()


def remote(member: Member) -> Remote:
    return remote_of(member.connection)


def account(member: Member) -> str:
    return member.connection.mappings.get(object_name="Account").mapping_id


def test_an_objects_fields_are_found_in_any_case_with_their_types(member: Member) -> None:
    known = heroku_mappings.describe(remote(member), "account")
    assert known is not None
    assert (known.name, known.has("ID"), known.has("segment__C")) == ("Account", True, True)
    name, segment = known.field("name"), known.field("Segment__c")
    assert name is not None
    assert segment is not None
    assert (name.type, name.length, name.required, name.writable) == ("string", 255, True, True)
    assert (segment.label, segment.external_id, segment.required) == ("Segment", False, False)
    assert heroku_mappings.describe(remote(member), "Nonsense__c") is None


def test_a_mapping_is_replaced_only_with_its_current_revision(member: Member) -> None:
    region, key = remote(member), account(member)
    wanted = fleets.config("Phone", "Website", revision=1)
    heroku_mappings.replace_mapping(region, key, "Account", wanted)
    with pytest.raises(http.Conflict):
        heroku_mappings.replace_mapping(region, key, "Account", wanted)


def test_a_mapping_is_deleted_once(member: Member) -> None:
    region, key = remote(member), account(member)
    assert heroku_mappings.delete_mapping(region, key)
    assert not heroku_mappings.delete_mapping(region, key)


def test_a_mapping_is_reloaded_and_diagnosed(member: Member) -> None:
    region, key = remote(member), account(member)
    heroku_mappings.reload_mapping(region, key)
    assert heroku_mappings.diagnose_mapping(region, key).errors == ()


def test_a_version_is_compared_and_changes_only_while_paused(member: Member) -> None:
    changes = heroku_mappings.schema_diff(remote(member), "61.0")
    assert {each.object_name for each in changes} == {"Account", "Contact"}
    assert not any(each.unsafe for each in changes)
    with pytest.raises(http.Conflict, match="paused first"):
        heroku_mappings.change_api_version(remote(member), "61.0")
    heroku_connect.pause(remote(member))
    heroku_mappings.change_api_version(remote(member), "61.0")
    assert heroku_connect.detail(remote(member)).api_version == "61.0"


def test_both_kinds_of_a_refused_version_are_distinguished(fleet: Fleet, member: Member) -> None:
    heroku_connect.pause(remote(member))
    fleet.remove_field(member, "Account", "Phone")
    with pytest.raises(heroku_mappings.UnsafeChanges) as unsafe:
        heroku_mappings.change_api_version(remote(member), "61.0")
    assert [each.text for each in unsafe.value.changes if each.unsafe] == [
        "Fields removed from Salesforce: Phone."
    ]
    member.remote.force("LOADING_BULK_JOB", object_name="Account")
    with pytest.raises(heroku_mappings.StillSyncing) as syncing:
        heroku_mappings.change_api_version(remote(member), "61.0")
    assert syncing.value.objects == ("Account",)
