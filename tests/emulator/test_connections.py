"""Heroku Connect's regional API: a connection's detail, configuration and authorize URL."""

import pytest

from tests.emulator.client import APP, Emulated, run_as_application

DETAIL_KEYS = {
    *("id", "_id", "name", "addon_id", "app_name", "app_id", "team_name"),
    *("enterprise_account_name", "schema_name", "db_key", "database", "organization_id", "state"),
    *("mappings_summary_state", "detail_url", "tags", "sf_info", "created_at", "auth_updated"),
    *("plan", "free_edition", "dogwood", "user_info", "metrics", "logplex_log_enabled"),
    *("deletable", "resource_name", "large_query_threshold", "bulk_page_size"),
    *("soap_batch_size", "features", "internal_name", "notifications_url", "odata"),
    *("sf_instance", "sf_region"),
}


def test_a_new_connection_has_every_key_and_no_database(emulated: Emulated) -> None:
    url = emulated.linked()
    plain, deep = emulated.get(url).json(), emulated.detail(url)
    assert plain.keys() == DETAIL_KEYS
    assert deep.keys() == DETAIL_KEYS | {"mappings"}
    assert (deep["state"], deep["schema_name"], deep["db_key"]) == ("NEW", None, None)
    assert (deep["user_info"], deep["mappings"], deep["database"]) == ({}, [], None)
    assert deep["detail_url"] == f"/api/v3/connections/{deep['id']}"
    assert len(deep["features"]) == 21
    assert deep["features"]["poll_db_no_merge"] is not emulated.world.merged_writes


@pytest.mark.parametrize("value", ["true", "True", "TRUE", "1"])
def test_deep_is_read_in_any_case(emulated: Emulated, value: str) -> None:
    url = emulated.linked()
    assert "mappings" in emulated.get(f"{url}?deep={value}").json()
    listed = emulated.get(f"/region/api/v3/connections?deep={value}").json()["results"]
    assert "mappings" in listed[0]


@pytest.mark.parametrize("value", ["false", "False", "0", ""])
def test_without_deep_there_are_no_mappings(emulated: Emulated, value: str) -> None:
    assert "mappings" not in emulated.get(f"{emulated.linked()}?deep={value}").json()


def test_a_connection_is_hidden_until_it_is_linked(emulated: Emulated) -> None:
    addon = emulated.addon().json()
    path = f"/region/api/v3/connections/{addon['id']}"
    assert emulated.get(path).status_code == 404
    assert emulated.post(f"/region/api/v3/users/me/apps/{APP}/auth").status_code == 200
    assert emulated.get(path).status_code == 200
    assert emulated.get(path, headers={"Authorization": ""}).status_code == 401


def test_configuring_makes_the_schema_and_asks_for_authentication(emulated: Emulated) -> None:
    emulated.behave(configure_seconds=5)
    url = emulated.configured()
    assert emulated.get(url).json()["state"] == "NEW"
    emulated.advance(5)
    detail = emulated.get(url).json()
    assert (detail["state"], detail["schema_name"]) == ("NEED_AUTHENTICATION", "sf_acme_1")
    assert detail["database"].keys() == {"host", "database", "port"}
    found = run_as_application(emulated, "SELECT 1 FROM pg_tables WHERE schemaname = 'sf_acme_1'")
    assert len(found) >= 3


def test_the_first_patches_can_answer_200_and_do_nothing(emulated: Emulated) -> None:
    emulated.behave(ignored_patches=2)
    url = emulated.linked()
    body = {"schema_name": "sf_acme_1", "db_key": "DATABASE_URL"}
    answers = [emulated.call("PATCH", url, json=body).status_code for _ in range(2)]
    assert answers == [200, 200]
    assert emulated.get(url).json()["state"] == "NEW"
    assert emulated.call("PATCH", url, json=body).status_code == 202
    assert emulated.get(url).json()["state"] == "NEED_AUTHENTICATION"
    assert emulated.call("PATCH", url, json=body).status_code == 200


def test_an_unknown_database_key_leaves_the_connection_new(emulated: Emulated) -> None:
    url = emulated.linked()
    body = {"schema_name": "sf_acme_1", "db_key": "NOWHERE_URL"}
    assert emulated.call("PATCH", url, json=body).status_code == 202
    assert emulated.get(url).json()["state"] == "NEW"


@pytest.mark.parametrize("schema", ["sf_acme_1", "public", "Bad Name", "x" * 64])
def test_a_used_or_invalid_schema_name_is_refused(emulated: Emulated, schema: str) -> None:
    emulated.configured("hc-old", "sf_acme_1")
    emulated.call("DELETE", f"/heroku/apps/{APP}/addons/hc-old")
    url = emulated.linked("hc-new")
    refused = emulated.call("PATCH", url, json={"schema_name": schema, "db_key": "DATABASE_URL"})
    assert refused.status_code == 400
    assert refused.json()["message"]
    assert emulated.get(url).json()["state"] == "NEW"


def test_the_database_of_a_configured_connection_cannot_change(emulated: Emulated) -> None:
    url = emulated.configured()
    emulated.get(url)
    body = {"schema_name": "sf_acme_2", "db_key": "DATABASE_URL"}
    assert emulated.call("PATCH", url, json=body).status_code == 400
    renamed = emulated.call("PATCH", url, json={"name": "Acme's"})
    assert (renamed.status_code, renamed.json()["name"]) == (200, "Acme's")


def test_database_keys_are_the_config_vars_that_hold_a_database(emulated: Emulated) -> None:
    other = {"OTHER_URL": "postgres://elsewhere/db", "WORD": "x"}
    emulated.call("PATCH", f"/heroku/apps/{APP}/config-vars", json=other)
    found = emulated.get(f"/region/api/v3/apps/{APP}").json()["db_keys"]
    plans = {each["name"]: each["addon"] for each in found}
    assert plans == {
        "DATABASE_URL": {"plan": "heroku-postgresql:standard-0"},
        "OTHER_URL": None,
    }
    assert emulated.get("/region/api/v3/apps/other").status_code == 404


def test_an_authorized_connection_knows_its_org_and_user(emulated: Emulated) -> None:
    org = emulated.org(admin_email="ops@acme.example")
    url = emulated.configured()
    emulated.authorize(url, org)
    detail = emulated.get(url).json()
    assert (detail["state"], detail["organization_id"]) == ("IDLE", org["id"])
    assert detail["sf_info"]["username"] == "ops@acme.example"
    assert detail["sf_info"]["api_version"] == "65.0"
    assert detail["user_info"]["organization_id"] == org["id"]
    assert detail["user_info"]["profile_perms"]["PermissionsViewAllData"] == "true"
    assert detail["auth_updated"].endswith("Z")
    assert run_as_application(emulated, "SELECT org_id FROM sf_acme_1._hcmeta") == [(org["id"],)]


@pytest.mark.parametrize(
    "body", [{"environment": "moon"}, {"environment": "custom"}], ids=["unknown", "no domain"]
)
def test_a_wrong_environment_gets_no_authorize_url(
    emulated: Emulated, body: dict[str, str]
) -> None:
    url = emulated.configured()
    emulated.get(url)
    refused = emulated.post(f"{url}/authorize_url", json=body)
    assert refused.status_code == 400
    assert refused.json()["message"]


def test_a_connection_without_a_database_gets_no_authorize_url(emulated: Emulated) -> None:
    assert emulated.post(f"{emulated.linked()}/authorize_url", json={}).status_code == 400
