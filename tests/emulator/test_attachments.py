"""Attachments of add-ons: made, listed, resolved and removed."""

from typing import Any

import pytest
import requests

from tests.emulator.client import APP, Emulated

HOST = "isv-connect-1"
ATTACHMENTS = "/heroku/addon-attachments"


@pytest.fixture
def shared(emulated: Emulated) -> Emulated:
    """Acme's configured add-on, and a second app."""
    assert emulated.post("/heroku/apps", json={"name": HOST}).status_code == 201
    emulated.get(emulated.configured(attachment={"name": "HC_ACME"}))
    return emulated


def attach(emulated: Emulated, **more: Any) -> requests.Response:
    body = {"addon": {"name": "hc-acme"}, "app": {"name": HOST}, **more}
    return emulated.post(ATTACHMENTS, json=body)


def names(emulated: Emulated, app: str) -> set[str]:
    listed = emulated.get(f"/heroku/apps/{app}/addon-attachments").json()
    return {each["name"] for each in listed}


def variables(emulated: Emulated, app: str) -> dict[str, str]:
    found: dict[str, str] = emulated.get(f"/heroku/apps/{app}/config-vars").json()
    return found


def test_an_addon_is_attached_to_another_app_under_a_name(shared: Emulated) -> None:
    made = attach(shared, name="SHARED")
    assert made.status_code == 201
    assert (made.json()["app"]["name"], made.json()["name"]) == (HOST, "SHARED")
    assert made.json()["addon"]["app"]["name"] == APP
    assert variables(shared, HOST) == {"SHARED_URL": "DATABASE_URL:sf_acme_1"}
    assert names(shared, HOST) == {"SHARED"}
    assert names(shared, APP) == {"DATABASE", "HC_ACME"}
    # The add-on itself shows the variables of its own app alone.
    assert shared.get("/heroku/addons/hc-acme").json()["config_vars"] == ["HC_ACME_URL"]


def test_without_a_name_heroku_chooses_one(shared: Emulated) -> None:
    assert attach(shared).json()["name"] == "HEROKUCONNECT"
    assert attach(shared).json()["name"].startswith("HEROKUCONNECT_")


def test_a_name_is_used_once_in_an_app(shared: Emulated) -> None:
    attach(shared, name="SHARED")
    assert attach(shared, name="shared").status_code == 422
    assert attach(shared, name="1").status_code == 422


def test_an_attachment_is_a_release_also_without_a_value(emulated: Emulated) -> None:
    emulated.post("/heroku/apps", json={"name": HOST})
    emulated.addon()
    emulated.get("/heroku/addons/hc-acme")
    attach(emulated)
    assert variables(emulated, HOST) == {}
    assert emulated.running_apps()[HOST]["releases"] == 1


def test_a_later_configuration_reaches_every_app(emulated: Emulated) -> None:
    emulated.post("/heroku/apps", json={"name": HOST})
    url = emulated.linked()
    attach(emulated)
    emulated.call("PATCH", url, json={"schema_name": "sf_acme_1", "db_key": "DATABASE_URL"})
    assert emulated.get(url).json()["state"] == "NEED_AUTHENTICATION"
    assert variables(emulated, HOST) == {"HEROKUCONNECT_URL": "DATABASE_URL:sf_acme_1"}


def test_an_attachment_is_found_in_each_list_and_removed(shared: Emulated) -> None:
    made = attach(shared, name="SHARED").json()
    one = f"/heroku/apps/{HOST}/addon-attachments/SHARED"
    assert shared.get(one).json() == made
    assert shared.get(f"{ATTACHMENTS}/{made['id']}").json() == made
    assert made in shared.get(ATTACHMENTS).json()
    assert made in shared.get("/heroku/addons/hc-acme/addon-attachments").json()
    assert shared.call("DELETE", f"{ATTACHMENTS}/{made['id']}").json() == made
    assert shared.get(one).status_code == 404
    assert variables(shared, HOST) == {}
    assert shared.call("DELETE", f"{ATTACHMENTS}/{made['id']}").status_code == 404


def test_the_last_attachment_of_the_paying_app_stays(shared: Emulated) -> None:
    (first,) = shared.get("/heroku/addons/hc-acme/addon-attachments").json()
    refused = shared.call("DELETE", f"{ATTACHMENTS}/{first['id']}")
    assert refused.status_code == 422
    assert refused.json()["message"].startswith("Cannot destroy last attachment")
    attach(shared, app=APP, name="SECOND")
    assert shared.call("DELETE", f"{ATTACHMENTS}/{first['id']}").status_code == 200
    assert "HC_ACME_URL" not in variables(shared, APP)


def test_a_shared_addon_is_deleted_by_force_alone(shared: Emulated) -> None:
    attach(shared)
    path = f"/heroku/apps/{APP}/addons/hc-acme"
    assert shared.call("DELETE", path, json={"force": False}).status_code == 422
    assert shared.call("DELETE", path, json={"force": True}).status_code == 200
    assert names(shared, HOST) == set()
    assert variables(shared, HOST) == {}


def test_attachments_are_resolved_by_name_app_and_both(shared: Emulated) -> None:
    made = attach(shared, name="HC_ACME").json()
    resolve = "/heroku/actions/addon-attachments/resolve"
    both = shared.post(resolve, json={"addon_attachment": "HC_ACME"}).json()
    assert {each["app"]["name"] for each in both} == {APP, HOST}
    body = {"addon_attachment": "HC_ACME", "app": HOST}
    assert shared.post(resolve, json=body).json() == [made]
    assert shared.post(resolve, json={"addon_attachment": f"{HOST}::HC_ACME"}).json() == [made]
    missing = shared.post(resolve, json={"addon_attachment": "NOTHING", "app": HOST})
    assert missing.status_code == 404
    assert missing.json()["resource"] == "add_on attachment"


def test_config_vars_and_plan_are_included_on_demand(shared: Emulated) -> None:
    wanted = {"Accept-Inclusion": "addon:plan,config_vars"}
    path = f"/heroku/apps/{APP}/addon-attachments/HC_ACME"
    assert "config_vars" not in shared.get(path).json()
    shown = shared.get(path, headers=wanted).json()
    assert shown["config_vars"] == ["HC_ACME_URL"]
    assert shown["addon"]["plan"]["name"] == "herokuconnect:demo"


def test_a_database_is_detached_from_an_app(shared: Emulated) -> None:
    made = attach(shared, addon="postgresql-emulated", name="TENANTS_DATABASE").json()
    assert "TENANTS_DATABASE_URL" in variables(shared, HOST)
    shared.call("DELETE", f"{ATTACHMENTS}/{made['id']}")
    assert variables(shared, HOST) == {}
