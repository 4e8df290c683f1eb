"""The package's source against the portal's: what `make salesforce` cannot see."""

import json
import re
from pathlib import Path

import pytest

from connect.mappings import templates
from emulator import testing
from tenants import callout_signature
from tests.salesforce.source import CLASSES, PACKAGE, ROOT

FIRST = json.loads((Path(templates.__file__).parent / "first_template.json").read_text())


def test_the_permissions_that_the_page_asks_for_are_those_of_the_first_template() -> None:
    source = (CLASSES / "IntegrationPermissions.cls").read_text()
    mapped = re.findall(r"^ +(\w+)\.SObjectType,?$", source, re.MULTILINE)
    assert mapped == [each["object_name"].removeprefix("{ns}") for each in FIRST["mappings"]]


@pytest.mark.parametrize("mapping", FIRST["mappings"], ids=lambda each: each["object_name"])
def test_every_field_of_the_first_template_is_in_the_package(mapping: dict[str, object]) -> None:
    found = testing.object_fields("hcmc")[str(mapping["object_name"]).replace("{ns}", "hcmc__")]
    config = mapping["config"]
    assert isinstance(config, dict)
    for name in config["fields"]:
        assert name.replace("{ns}", "hcmc__") in found, name


def test_the_signature_is_sent_in_the_headers_that_the_portal_reads() -> None:
    source = (CLASSES / "CalloutSignature.cls").read_text()
    assert f"'{callout_signature.TIMESTAMP_HEADER}'" in source
    assert f"'{callout_signature.SIGNATURE_HEADER}'" in source


def test_no_key_is_in_the_repository() -> None:
    record = (PACKAGE / "customMetadata" / "Portal.Default.md-meta.xml").read_text()
    assert re.search(r'<field>Signing_Key__c</field>\s*<value xsi:nil="true"/>', record)


def test_the_lock_of_the_checks_names_no_registry() -> None:
    lock = json.loads((ROOT / "checks" / "package-lock.json").read_text())
    packages = {name: each for name, each in lock["packages"].items() if name}
    assert packages
    assert not [name for name, each in packages.items() if "resolved" in each]
    assert not [name for name, each in packages.items() if not each.get("integrity")]
