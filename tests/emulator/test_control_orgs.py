"""/control/orgs: orgs, their package, fields, rules and records."""

from typing import Any

import pytest

from emulator.org import ids
from tests.emulator.client import ACME, BOREALIS, Emulated
from tests.emulator.test_salesforce import refresh, tokens


def test_an_org_gets_defaults_for_missing_values(emulated: Emulated) -> None:
    org = emulated.control("orgs", {"name": "Acme & Söhne"})
    assert ids.canonical(org["id"]) == org["id"]
    assert org["id"].startswith("00D")
    assert org["environment"] == "production"
    assert org["my_domain"].endswith(".my.salesforce.com")
    assert org["package_installed"] is True
    assert org["records"] == {"Account": 0, "Contact": 0, "Tweet__c": 0, "Connection__c": 0}
    assert emulated.get(f"/control/orgs/{org['id']}").json() == org
    assert emulated.get("/control/orgs").json() == {"count": 1, "orgs": [org]}


def test_an_org_has_the_given_values(emulated: Emulated) -> None:
    org = emulated.control(
        "orgs",
        {
            "org_id": "00DB00000002NDm",
            "name": "Acme",
            "environment": "sandbox",
            "my_domain": "Acme--dev.sandbox.my.salesforce.com",
            "namespace": "hcmc",
            "admin_email": "ops@acme.example",
            "users": [{"username": "second@acme.example"}],
            "records": {"Account": [{"Name": "One", "hcmc__Twitter__c": "one"}]},
        },
    )
    assert org["id"] == ACME
    assert org["my_domain"] == "acme--dev.sandbox.my.salesforce.com"
    assert [each["username"] for each in org["users"]] == [
        "ops@acme.example",
        "second@acme.example",
    ]
    assert org["records"] == {
        "Account": 1,
        "Contact": 0,
        "hcmc__Tweet__c": 0,
        "hcmc__Connection__c": 0,
    }


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"org_id": "nonsense"}, 400),
        ({"org_id": "00DB00000002NDmAAA"}, 400),
        ({"org_id": "001B00000002NDm"}, 400),
        ({"org_id": BOREALIS}, 409),
        ({"environment": "moon"}, 400),
        ({"package": "1999"}, 400),
        ({"records": {"Account": [{"Nope": 1}]}}, 400),
    ],
)
def test_an_invalid_org_is_refused(emulated: Emulated, body: dict[str, Any], status: int) -> None:
    emulated.org(BOREALIS)
    refused = emulated.post("/control/orgs", json=body)
    assert refused.status_code == status
    assert refused.json()["message"]


def test_records_are_created_read_changed_and_deleted(emulated: Emulated) -> None:
    emulated.org()
    path = f"/control/orgs/{ACME}/records/Account"
    made = emulated.post(path, json={"Name": "One"})
    assert made.status_code == 201
    assert made.json()["Name"] == "One"
    both = emulated.post(path, json=[{"Name": "Two"}, {"Name": "Three"}]).json()
    assert [each["Name"] for each in both] == ["Two", "Three"]
    one = f"{path}/{made.json()['Id']}"
    assert emulated.call("PATCH", one, json={"name": "Uno"}).json()["Name"] == "Uno"
    assert emulated.get(one).json()["SystemModstamp"] > made.json()["SystemModstamp"]
    assert emulated.call("DELETE", one).json()["IsDeleted"] is True
    assert emulated.get(path).json()["count"] == 2
    assert emulated.get(f"{path}?deleted=true").json()["count"] == 3
    gone = emulated.call("PATCH", one, json={"Name": "x"})
    assert (gone.status_code, gone.json()["code"]) == (400, "ENTITY_IS_DELETED")
    assert emulated.get(f"{path}/001000000000000AAA").status_code == 404
    assert emulated.get(f"/control/orgs/{ACME}/records/Nope").status_code == 404
    assert emulated.get("/control/orgs/00D3h0000008cPb/records/Account").status_code == 404


def test_an_uninstall_removes_the_packages_objects_and_an_install_adds_them(
    emulated: Emulated,
) -> None:
    account = {"Name": "One", "Twitter__c": "one"}
    emulated.org(records={"Account": [account], "Connection__c": [{}]})
    assert emulated.control(f"orgs/{ACME}/uninstall")["records"] == {"Account": 1, "Contact": 0}
    again = emulated.control(f"orgs/{ACME}/install")
    assert again["package_installed"] is True
    assert again["records"]["Connection__c"] == 0


def test_an_org_may_have_the_package_of_2016(emulated: Emulated) -> None:
    org = emulated.org(package="2016")
    assert org["package"] == "2016"
    emulated.control(f"orgs/{org['id']}/uninstall")
    again = emulated.control(f"orgs/{org['id']}/install")
    assert again["package"] == "2016"
    account = emulated.control(f"orgs/{org['id']}/records/Account", {"Name": "One"})
    tweet = {"Account__c": account["Id"], "Author_Username__c": "a", "Body__c": "b"}
    path = f"/control/orgs/{org['id']}/records/Tweet__c"
    assert emulated.post(path, json=tweet).status_code == 201
    assert emulated.post(path, json=tweet).json()["code"] == "DUPLICATE_VALUE"
    assert emulated.post(path, json={**tweet, "Tweet_Id__c": "1"}).json()["code"] == "INVALID_FIELD"


def test_fields_are_added_and_removed(emulated: Emulated) -> None:
    emulated.org()
    path = f"/control/orgs/{ACME}/fields/Account"
    field = {"name": "Key__c", "type": "string", "unique": True, "external_id": True}
    assert emulated.post(path, json=field).ok
    records = f"/control/orgs/{ACME}/records/Account"
    assert emulated.post(records, json={"Name": "One", "Key__c": "k"}).ok
    duplicate = emulated.post(records, json={"Name": "Two", "Key__c": "K"})
    assert duplicate.json()["code"] == "DUPLICATE_VALUE"
    assert emulated.call("DELETE", f"{path}/Key__c").ok
    assert emulated.post(records, json={"Name": "Two", "Key__c": "x"}).status_code == 400
    assert emulated.post(path, json={"name": "X"}).status_code == 400
    assert emulated.call("DELETE", f"/control/orgs/{ACME}/fields/Nope/X").status_code == 404


def test_a_rule_refuses_writes_until_it_is_removed(emulated: Emulated) -> None:
    emulated.org()
    rules = f"/control/orgs/{ACME}/rules"
    rule = {
        "object_name": "Account",
        "field": "Name",
        "pattern": "^Bad",
        "message": "inactive owner",
        "code": "INACTIVE_OWNER_OR_USER",
    }
    assert emulated.post(rules, json=rule).ok
    records = f"/control/orgs/{ACME}/records/Account"
    refused = emulated.post(records, json={"Name": "Bad Co"})
    assert refused.json() == {"code": "INACTIVE_OWNER_OR_USER", "message": "inactive owner"}
    assert emulated.post(records, json={"Name": "Good Co"}).ok
    assert emulated.call("DELETE", rules).ok
    assert emulated.post(records, json={"Name": "Bad Co"}).ok
    assert emulated.post(rules, json={"field": "Name"}).status_code == 400


def test_an_org_can_revoke_every_grant(emulated: Emulated) -> None:
    answer = tokens(emulated, emulated.org())
    emulated.control(f"orgs/{ACME}/revoke")
    assert refresh(emulated, answer["refresh_token"]).json()["error"] == "invalid_grant"
