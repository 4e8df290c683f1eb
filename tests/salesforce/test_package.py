"""The package's source against the portal's: what `make salesforce` cannot see."""

import json
import re

from pytest_django.fixtures import Settings

from connect.mappings import templates
from connect.models import Package
from tenants import callout_signature
from tests.salesforce.source import CLASSES, PACKAGE, ROOT

FIRST = templates.shipped(Package.CURRENT)


def test_the_permissions_that_the_page_asks_for_are_those_of_the_first_template() -> None:
    source = (CLASSES / "IntegrationPermissions.cls").read_text()
    mapped = re.findall(r"^ +(\w+)\.SObjectType,?$", source, re.MULTILINE)
    assert mapped == [each["object_name"].removeprefix("{ns}") for each in FIRST["mappings"]]


def test_the_signature_is_sent_in_the_headers_that_the_portal_reads() -> None:
    source = (CLASSES / "CalloutSignature.cls").read_text()
    assert f"'{callout_signature.TIMESTAMP_HEADER}'" in source
    assert f"'{callout_signature.SIGNATURE_HEADER}'" in source


def test_the_client_app_asks_for_the_scopes_of_the_portal(settings: Settings) -> None:
    names = {"api": "Api", "id": "Basic", "refresh_token": "RefreshToken"}
    [file] = (PACKAGE / "extlClntAppOauthSettings").iterdir()
    found = re.search(r"<commaSeparatedOauthScopes>(.*)</", file.read_text())
    assert found
    wanted = [names[each] for each in settings.SOCIAL_AUTH_SALESFORCE_SCOPE]
    assert sorted(found[1].split(", ")) == sorted(wanted)


def test_no_key_is_in_the_repository() -> None:
    record = (PACKAGE / "customMetadata" / "Portal.Default.md-meta.xml").read_text()
    assert re.search(r'<field>Signing_Key__c</field>\s*<value xsi:nil="true"/>', record)


def test_the_lock_of_the_checks_names_no_registry() -> None:
    lock = json.loads((ROOT / "checks" / "package-lock.json").read_text())
    packages = {name: each for name, each in lock["packages"].items() if name}
    assert packages
    assert not [name for name, each in packages.items() if "resolved" in each]
    assert not [name for name, each in packages.items() if not each.get("integrity")]
