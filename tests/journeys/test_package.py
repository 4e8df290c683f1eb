"""The package in a subscriber's org, from its callout to its uninstallation."""

import shutil
from pathlib import Path

import pytest
import requests

import emulator as emulated
from connect.health import diagnose
from connect.mappings import templates
from connect.models import Connection, Package, Stage
from emulator import testing
from tenants.models import Message, MessageKind, Proof, Tenant
from tests import cast
from tests.connect.journey import ROUNDS, Journey
from tests.connect.refreshing import refresh_all
from tests.subscriber import Admin, linked_tenant, new_org
from tests.tenants.callouts import post

pytestmark = pytest.mark.django_db


class JourneyOf2016(Journey):
    """Borealis, whose org has the package of 2016, registered by that package's own callout."""

    def __init__(self, running: emulated.Running) -> None:
        templates.ensure_first()
        self.running = running
        self.org_id = new_org(running, cast.BOREALIS, package="2016", environment="production")
        self.admin = Admin(running, self.org_id)
        # As its Apex put it together, from UserInfo and the installer's User record.
        body = (
            f'{{"org_id":"{self.org_id}", "admin_email":"{cast.BOREALIS["admin_email"]}",'
            f' "org_name":"{cast.BOREALIS["name"]}"}}'
        )
        self.answer = post(body, "application/json", HTTP_ACCEPT="application/json")
        self.tenant = Tenant.objects.get()
        self.connection = Connection.objects.get(tenant=self.tenant)


def test_the_package_of_2016_registers_unsigned_and_receives_its_link(
    emulator: emulated.Running,
) -> None:
    journey = JourneyOf2016(emulator)
    assert journey.answer.status_code == 202
    assert journey.advance().stage == Stage.WAITING_FOR_PROOF
    assert journey.tenant.proof == Proof.NONE
    assert not emulator.addons()
    assert Message.objects.get().kind == MessageKind.SIGN_IN

    journey.admin.sign_in(journey.tenant)
    journey.tenant.refresh_from_db()
    assert journey.tenant.proof == Proof.CONSENT
    connection = journey.reach(Stage.WAITING_FOR_AUTHORIZATION)
    posts = [each for each in emulator.calls() if each["method"] == "POST"]
    [call] = [each for each in posts if "apexrest" in each["path"]]
    assert call["path"].endswith(".my.salesforce.com/services/apexrest/AuthConnection")
    [record] = emulator.records(journey.org_id, "Connection__c")
    assert linked_tenant(record["Auth_URL__c"]) == journey.tenant
    assert connection.link_published_at
    live = journey.reach(Stage.LIVE)
    # Its objects have no identifiers, so only the posts are written.
    assert live.template is not None
    assert live.template.package == Package.ORIGINAL
    assert live.mappings.get(access="read_write").object_name == "Tweet__c"
    assert "version 2, for the package of 2016, are imported" in _timeline(journey)
    assert _diagnosis(live) == {"Tweet__c": ["UNIQUE_IDENTIFIER"]}


def test_todays_package_is_handed_link_and_connection_id(
    emulator: emulated.Running,
) -> None:
    journey = Journey(emulator, cast.CIRRUS, Proof.SIGNED)
    connection = journey.reach(Stage.WAITING_FOR_AUTHORIZATION)
    [record] = emulator.records(journey.org_id, "hcmc__Connection__c")
    assert linked_tenant(record["hcmc__Auth_URL__c"]) == journey.tenant
    assert record["hcmc__Heroku_Connection_Id__c"] == connection.connection_id


@pytest.mark.parametrize("package_version", ["", "1.0.0"])
@pytest.mark.parametrize("who", [cast.ACME, cast.CIRRUS], ids=["plain", "namespace"])
def test_the_mappings_of_todays_package_pass_heroku_connects_diagnosis(
    emulator: emulated.Running, who: dict[str, str], package_version: str
) -> None:
    journey = Journey(emulator, who, Proof.SIGNED)
    Tenant.objects.update(package_version=package_version)
    live = journey.reach(Stage.LIVE)
    assert live.template is not None
    assert live.template.package == Package.CURRENT
    assert _diagnosis(live) == {}


def test_a_missing_permission_is_not_taken_for_the_package_of_2016(
    emulator: emulated.Running,
) -> None:
    journey = Journey(emulator, cast.ACME, Proof.SIGNED)
    emulator.control("DELETE", f"orgs/{journey.org_id}/fields/Account/Multiconnect_Id__c")
    assert "Account.Multiconnect_Id__c: The org does not have this field." in _trouble(journey)


def test_an_org_without_the_package_does_not_get_the_version_for_2016(
    emulator: emulated.Running,
) -> None:
    journey = Journey(emulator, cast.ACME, Proof.SIGNED)
    journey.reach(Stage.IMPORTING_MAPPINGS)
    emulator.control("POST", f"orgs/{journey.org_id}/uninstall", {})
    assert "Tweet__c (BAD_CONFIG)" in _trouble(journey)


def _timeline(journey: Journey) -> str:
    return "\n".join(journey.tenant.events.values_list("text", flat=True))


def _diagnosis(live: Connection) -> dict[str, list[str]]:
    """Run Heroku Connect's diagnosis; return the rules that are broken, "" for the connection."""
    run = diagnose.start(live, "mia")
    assert run
    diagnose.collect()
    run.refresh_from_db()
    assert run.ended_at
    found: dict[str, list[str]] = {}
    for each in run.findings:
        if each["pile"] == "errors":
            found.setdefault(each["about"], []).append(each["rule"])
    assert run.errors == sum(map(len, found.values()))
    return found


RENAMED = [
    ("objects/Account/fields/Twitter__c", "Twitter__c", "Handle__c", "Account.Twitter__c: The org"),
    ("objects/Tweet__c/fields/Body__c", "Body__c", "Text__c", "Tweet__c.Body__c: The org"),
    ("objects/Connection__c/fields/Auth_URL__c", "Auth_URL__c", "Link__c", "Auth_URL__c"),
    ("classes/AuthConnection", "String authorizeUrl", "String link", "authorizeUrl"),
]


@pytest.mark.parametrize(("file", "before", "after", "words"), RENAMED)
def test_what_is_renamed_in_the_packages_source_breaks_the_journey(
    emulator: emulated.Running,
    tmp_path: Path,
    file: str,
    before: str,
    after: str,
    words: str,
) -> None:
    source = shutil.copytree(testing.PACKAGE_SOURCE, tmp_path / "source")
    [path] = [each for each in source.glob(f"{file}.*") if not each.name.endswith("cls-meta.xml")]
    path.write_text(path.read_text().replace(before, after))
    with testing.package_read_from(source):
        journey = Journey(emulator, cast.ACME, Proof.SIGNED)
        assert words in _trouble(journey)


def test_a_package_whose_resource_is_renamed_is_refused_at_the_sign_in(
    emulator: emulated.Running, tmp_path: Path
) -> None:
    source = shutil.copytree(testing.PACKAGE_SOURCE, tmp_path / "source")
    path = source / "classes" / "AuthConnection.cls"
    path.write_text(path.read_text().replace("'/AuthConnection/*'", "'/Link/*'"))
    with testing.package_read_from(source):
        journey = Journey(emulator, cast.ACME, Proof.SIGNED)
        journey.reach(Stage.WAITING_FOR_CONSENT)
        journey.do_the_admins_part()
        assert journey.advance().stage == Stage.WAITING_FOR_CONSENT
        assert "lacks the package: it is not installed in the org" in _timeline(journey)


def _trouble(journey: Journey) -> str:
    """Continue until the portal shows what is wrong."""
    for _ in range(ROUNDS):
        journey.do_the_admins_part()
        seen = journey.advance()
        if seen.blocked_at or seen.last_error:
            break
    assert seen.stage != Stage.LIVE
    return f"{seen.blocked_reason} {seen.last_error}"


def test_the_portal_detects_an_uninstallation_automatically(emulator: emulated.Running) -> None:
    journey = Journey(emulator, cast.ACME, Proof.SIGNED)
    connection = journey.reach(Stage.LIVE)
    for what in (f"orgs/{journey.org_id}/uninstall", "sync"):
        requests.post(f"{emulator.url}/control/{what}", json={}, timeout=10).raise_for_status()
    refresh_all()
    found = dict(connection.mappings.values_list("object_name", "state"))
    assert found["Tweet__c"] == found["Connection__c"] == "BAD_CONFIG"
