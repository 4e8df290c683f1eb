"""The signer in Apex and the verifier in Python: one file of vectors for both.

Apex cannot run here: its test class is type-checked, and holds the same vectors as Python.
"""

import json
import re

from tenants import callout_data
from tests.salesforce.source import CLASSES
from tests.salesforce.vectors import APEX, callouts, render
from tests.tenants.callouts import post, signed

SIGNED_FIELD = re.compile(r"write\(writer, '(\w+)',")


def test_the_apex_test_holds_the_vectors_of_the_portal() -> None:
    assert APEX.read_text() == render(callouts()), "run python -m tests.salesforce.vectors"


def test_text_that_apex_would_read_otherwise_is_escaped() -> None:
    vector = {
        "name": "it's",
        "secret": "a\\",
        "timestamp": 1,
        "body": "a\n\t\r",
        "signature": "v1=",
    }
    apex = render([vector])
    assert all(each in apex for each in (r"'it\'s'", r"'a\\'", r"'a\n\t\r'", "1L"))


def packaged_body() -> str:
    """The body that the package sends when it knows all that it can tell."""
    (found,) = [each for each in callouts() if each["name"].startswith("the package's callout")]
    return str(found["body"])


def test_the_package_sends_the_fields_that_the_portal_reads() -> None:
    source = (CLASSES / "RegistrationCallout.cls").read_text()
    body = packaged_body()
    assert SIGNED_FIELD.findall(source) == list(json.loads(body))
    read = callout_data.parse(callout_data.JSON, body.encode())
    assert {"org_id", *read.values} == {"name", *json.loads(body)} - {"org_name"}


def test_the_package_sends_its_own_version() -> None:
    source = (CLASSES / "RegistrationCallout.cls").read_text()
    assert f"PACKAGE_VERSION = '{json.loads(packaged_body())['package_version']}'" in source


def test_the_packages_signed_callout_is_taken(db: None) -> None:
    body = packaged_body()
    assert post(body, **signed(body)).status_code == 202
