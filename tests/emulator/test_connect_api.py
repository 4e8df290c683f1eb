"""Heroku Connect's regional API: detail, configuration, actions, errors, notifications."""

from typing import Any, LiteralString

import psycopg
import pytest

from tests.emulator.client import ACCOUNT, APP, TWEET, Emulated, mapping

DETAIL_KEYS = {
    *("id", "_id", "name", "addon_id", "app_name", "app_id", "team_name"),
    *("enterprise_account_name", "schema_name", "db_key", "database", "organization_id", "state"),
    *("mappings_summary_state", "detail_url", "tags", "sf_info", "created_at", "auth_updated"),
    *("plan", "free_edition", "dogwood", "user_info", "metrics", "logplex_log_enabled"),
    *("deletable", "resource_name", "large_query_threshold", "bulk_page_size"),
    *("soap_batch_size", "features", "internal_name", "notifications_url", "odata"),
    *("sf_instance", "sf_region"),
}


def run(emulated: Emulated, statement: LiteralString, *values: Any) -> list[tuple[Any, ...]]:
    """Run a statement as a tenant's application would."""
    url = emulated.world.options.database_url
    with psycopg.connect(url, autocommit=True) as conn:
        cursor = conn.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


# -- detail and configuration --------------------------------------------------------------------


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
    found = run(emulated, "SELECT 1 FROM pg_tables WHERE schemaname = 'sf_acme_1'")
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
def test_a_schema_name_that_ever_was_or_cannot_be_is_refused(
    emulated: Emulated, schema: str
) -> None:
    emulated.configured("hc-old", "sf_acme_1")
    emulated.call("DELETE", f"/heroku/apps/{APP}/addons/hc-old")
    url = emulated.linked("hc-new")
    refused = emulated.call("PATCH", url, json={"schema_name": schema, "db_key": "DATABASE_URL"})
    assert refused.status_code == 400
    assert refused.json()["message"]
    assert emulated.get(url).json()["state"] == "NEW"


def test_a_configured_connection_cannot_be_given_another_database(emulated: Emulated) -> None:
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


# -- authorisation -------------------------------------------------------------------------------


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
    assert run(emulated, "SELECT org_id FROM sf_acme_1._hcmeta") == [(org["id"],)]


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


# -- import and export ---------------------------------------------------------------------------


def test_an_import_lags_then_runs_then_loads_each_mapping(emulated: Emulated) -> None:
    org = emulated.org(records={"Account": [{"Name": "One"}]})
    url = emulated.authorized(org)
    emulated.behave(
        import_lag_seconds=5,
        import_seconds=5,
        initial_seconds=5,
        bulk_wait_seconds=5,
        bulk_load_seconds=5,
    )
    emulated.imported(url, ACCOUNT)
    seen = []
    for _ in range(6):
        states = emulated.states(url)
        seen.append((emulated.get(url).json()["state"], states.get("Account")))
        emulated.advance(5)
    assert seen == [
        ("IDLE", None),
        ("IMPORT_CONFIGURATION", None),
        ("IDLE", "INITIAL"),
        ("IDLE", "WAIT_BULK_LOAD"),
        ("IDLE", "LOADING_BULK_JOB"),
        ("IDLE", "DATA_SYNCED"),
    ]
    assert run(emulated, "SELECT name FROM sf_acme_1.account") == [("One",)]


def test_one_long_jump_of_the_clock_runs_the_whole_chain(emulated: Emulated) -> None:
    url = emulated.authorized(emulated.org())
    emulated.behave(import_lag_seconds=5, import_seconds=5, bulk_load_seconds=15)
    emulated.imported(url, ACCOUNT)
    emulated.advance(25)
    assert emulated.states(url) == {"Account": "DATA_SYNCED"}


def test_an_import_merges_and_never_deletes(emulated: Emulated) -> None:
    url = emulated.authorized(emulated.org())
    emulated.imported(url, ACCOUNT, TWEET)
    before = emulated.mapping(url, "Tweet__c")
    emulated.imported(url, mapping("Account", "Phone"))
    assert emulated.states(url) == {"Account": "DATA_SYNCED", "Tweet__c": "DATA_SYNCED"}
    changed = emulated.mapping(url, "Account")["config"]
    assert "Phone" in changed["fields"]
    assert "Twitter__c" not in changed["fields"]
    assert changed["revision"] == 2
    assert emulated.mapping(url, "Tweet__c") == before


def test_unknown_objects_and_fields_end_as_bad_config(emulated: Emulated) -> None:
    url = emulated.authorized(emulated.org())
    emulated.imported(url, mapping("Nothing__c"), mapping("Account", "Nope__c"), TWEET)
    assert emulated.states(url) == {
        "Account": "BAD_CONFIG",
        "Nothing__c": "BAD_CONFIG",
        "Tweet__c": "DATA_SYNCED",
    }
    assert emulated.get(url).json()["mappings_summary_state"] == "BAD_CONFIG"
    found = emulated.get(f"{url}/notifications").json()["results"]
    assert {each["event_type"] for each in found} == {"mapping-error"}
    assert "Nope__c" in emulated.mapping(url, "Account")["state_description"]


def test_an_import_with_a_relationship_and_no_indexes_is_lost_silently(emulated: Emulated) -> None:
    url = emulated.authorized(emulated.org())
    trap = mapping("Contact", "Account__r__External__c")
    del trap["config"]["indexes"]
    emulated.imported(url, trap, ACCOUNT)
    assert emulated.detail(url)["state"] == "IDLE"
    assert emulated.states(url) == {}


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"mappings": {}},
        {"mappings": [{}]},
        {"mappings": [{"object_name": "Account"}]},
        {"mappings": [{"object_name": "Account", "config": {"fields": {}, "access": "all"}}]},
        {
            "mappings": [
                {"object_name": "Account", "config": {"fields": {}, "sf_polling_seconds": "x"}}
            ]
        },
        {"mappings": [{"object_name": f"O{n}", "config": {"fields": {}}} for n in range(101)]},
    ],
)
def test_a_document_that_is_none_is_refused(emulated: Emulated, document: Any) -> None:
    url = emulated.authorized(emulated.org())
    refused = emulated.post(f"{url}/actions/import", json=document)
    assert refused.status_code == 400
    assert refused.json()["message"]


def test_an_import_needs_an_authenticated_idle_connection(emulated: Emulated) -> None:
    url = emulated.configured()
    emulated.get(url)
    document = {"mappings": [ACCOUNT]}
    refused = emulated.post(f"{url}/actions/import", json=document)
    assert (refused.status_code, list(refused.json())) == (400, ["message"])
    emulated.authorize(url, emulated.org())
    emulated.post(f"{url}/actions/pause")
    assert emulated.post(f"{url}/actions/import", json=document).status_code == 409


@pytest.mark.parametrize(("plan", "seconds"), [("demo", 600), ("enterprise", 120)])
def test_polling_faster_than_the_plan_allows_is_clamped_or_refused(
    emulated: Emulated, plan: str, seconds: int
) -> None:
    url = emulated.authorized(emulated.org(), plan=f"herokuconnect:{plan}")
    fast = mapping("Account")
    fast["config"]["sf_polling_seconds"] = 60
    emulated.imported(url, fast)
    assert emulated.mapping(url, "Account")["sf_polling_seconds"] == seconds
    emulated.behave(refuse_fast_polling=True)
    refused = emulated.post(f"{url}/actions/import", json={"mappings": [fast]})
    assert refused.status_code == 400


def test_an_export_can_be_imported_elsewhere(emulated: Emulated) -> None:
    org = emulated.org()
    url = emulated.authorized(org)
    emulated.imported(url, ACCOUNT, TWEET)
    emulated.get(url)
    exported = emulated.get(f"{url}/actions/export").json()
    assert exported["version"] == 1
    assert exported["connection"]["organization_id"] == org["id"]
    assert [each["object_name"] for each in exported["mappings"]] == ["Account", "Tweet__c"]
    other = emulated.authorized(org, "hc-other", "sf_acme_2")
    assert emulated.post(f"{other}/actions/import", json=exported).ok
    assert emulated.states(other) == emulated.states(url)


# -- pause, resume, restart ----------------------------------------------------------------------


def test_a_connection_is_paused_only_from_idle_and_resumed(emulated: Emulated) -> None:
    url = emulated.configured()
    emulated.get(url)
    refused = emulated.post(f"{url}/actions/pause")
    assert (refused.status_code, list(refused.json())) == (409, ["message"])
    emulated.authorize(url, emulated.org())
    assert emulated.post(f"{url}/actions/resume").status_code == 409
    assert emulated.post(f"{url}/actions/pause").status_code == 202
    assert emulated.get(url).json()["state"] == "PAUSED"
    assert emulated.post(f"{url}/actions/resume").status_code == 202
    assert emulated.get(url).json()["state"] == "IDLE"


def test_a_restart_leads_through_recovery(emulated: Emulated) -> None:
    url = emulated.authorized(emulated.org())
    emulated.imported(url, ACCOUNT)
    connection = emulated.detail(url)["id"]
    emulated.control(f"connections/{connection}/state", {"state": "SYSTEM_ERROR"})
    body = {"state": "SYSTEM_ERROR", "object_name": "account"}
    emulated.control(f"connections/{connection}/state", body)
    emulated.behave(recovery_seconds=10)
    assert emulated.post(f"{url}/actions/restart").status_code == 202
    assert emulated.detail(url)["state"] == "RECOVERY"
    assert emulated.states(url) == {"Account": "RECOVERY"}
    emulated.advance(10)
    assert emulated.detail(url)["state"] == "IDLE"
    assert emulated.states(url) == {"Account": "DATA_SYNCED"}


# -- errors, notifications, schemas --------------------------------------------------------------


def test_errors_are_the_refused_writes_of_a_day(emulated: Emulated) -> None:
    url = emulated.authorized(emulated.org())
    assert emulated.get(f"{url}/errors").json() == {"count": 0, "results": []}
    emulated.imported(url, ACCOUNT)
    emulated.get(url)
    run(emulated, "INSERT INTO sf_acme_1.account (twitter__c) VALUES ('nameless')")
    emulated.sync()
    found = emulated.get(f"{url}/errors").json()
    assert found["count"] == 1
    (error,) = found["results"]
    assert error.keys() >= {"id", "table_name", "record_id", "message", "created_at"}
    assert "REQUIRED_FIELD_MISSING" in error["message"]
    assert emulated.mapping(url, "Account")["counts"]["errors"] == 1
    assert emulated.mapping(url, "Account")["state"] == "DATA_SYNCED"
    emulated.advance(25 * 3600)
    assert emulated.get(f"{url}/errors").json()["count"] == 0


def test_notifications_are_listed_until_they_are_acknowledged(emulated: Emulated) -> None:
    url = emulated.authorized(emulated.org())
    emulated.imported(url, mapping("A__c"), mapping("B__c"))
    found = emulated.get(f"{url}/notifications?page_size=1").json()["results"]
    assert len(found) == 1
    assert found[0].keys() == {"id", "created_at", "event_type", "message"}
    other = emulated.post(f"{url}/notifications/acknowledge?event_type=postgres-connection")
    assert other.status_code == 204
    assert len(emulated.get(f"{url}/notifications").json()["results"]) == 2
    assert emulated.post(f"{url}/notifications/acknowledge").status_code == 204
    assert emulated.get(f"{url}/notifications").json() == {"results": []}
    bad = emulated.post(f"{url}/notifications/acknowledge?before=tomorrow")
    assert (bad.status_code, bad.json()) == (400, {"message": "Invalid request parameters"})


def test_notifications_can_be_asked_for_by_time(emulated: Emulated) -> None:
    url = emulated.authorized(emulated.org())
    emulated.imported(url, mapping("A__c"))
    (first,) = emulated.get(f"{url}/notifications").json()["results"]
    after = {"after": first["created_at"]}
    assert emulated.get(f"{url}/notifications", params=after).json() == {"results": []}
    long_ago = {"after": "2020-01-01", "before": "2999-01-01"}
    assert len(emulated.get(f"{url}/notifications", params=long_ago).json()["results"]) == 1


def test_the_fields_of_an_object_can_be_read(emulated: Emulated) -> None:
    url = emulated.authorized(emulated.org(namespace="hcmc"))
    fields = emulated.get(f"{url}/schemas/hcmc__tweet__c").json()["fields"]
    required = {each["name"] for each in fields if each["required"]}
    assert required == {"hcmc__Account__c", "hcmc__Author_Username__c", "hcmc__Body__c"}
    assert emulated.get(f"{url}/schemas/Tweet__c").status_code == 404


def test_one_call_lists_a_fleet_with_its_details(emulated: Emulated) -> None:
    emulated.linked("hc-one")
    url = emulated.linked("hc-two")
    found = emulated.get(f"/region/api/v3/connections?app={APP}&deep=true").json()
    assert found["count"] == 2
    assert found["results"][1] == emulated.detail(url)
    query = "/region/api/v3/connections"
    assert emulated.get(f"{query}?resource_name=hc-two").json()["count"] == 1
    assert emulated.get(f"{query}?resource_id={found['results'][0]['addon_id']}").json()["count"]
    assert emulated.get(f"{query}?app=other").json() == {"count": 0, "results": []}
