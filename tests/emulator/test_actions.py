"""Heroku Connect's regional API: actions, write errors, notifications, what a connection sees."""

from tests.emulator.client import ACCOUNT, APP, Emulated, mapping, run_as_application


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


def test_errors_are_the_refused_writes_of_a_day(emulated: Emulated) -> None:
    url = emulated.authorized(emulated.org())
    assert emulated.get(f"{url}/errors").json() == {"count": 0, "results": []}
    emulated.imported(url, ACCOUNT)
    emulated.get(url)
    run_as_application(emulated, "INSERT INTO sf_acme_1.account (twitter__c) VALUES ('nameless')")
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


def test_notifications_are_filtered_by_time(emulated: Emulated) -> None:
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
    lengths = {each["name"]: each["length"] for each in fields}
    # As describe() gives them: 0 for types without text.
    assert [lengths[each] for each in ("Id", "IsDeleted", "CreatedDate")] == [18, 0, 0]
    assert required == {"hcmc__Account__c", "hcmc__Author_Username__c", "hcmc__Body__c"}
    assert emulated.get(f"{url}/schemas/Tweet__c").status_code == 404


def test_one_call_lists_all_connections_with_details(emulated: Emulated) -> None:
    emulated.linked("hc-one")
    url = emulated.linked("hc-two")
    found = emulated.get(f"/region/api/v3/connections?app={APP}&deep=true").json()
    assert found["count"] == 2
    assert found["results"][1] == emulated.detail(url)
    query = "/region/api/v3/connections"
    assert emulated.get(f"{query}?resource_name=hc-two").json()["count"] == 1
    assert emulated.get(f"{query}?resource_id={found['results'][0]['addon_id']}").json()["count"]
    assert emulated.get(f"{query}?app=other").json() == {"count": 0, "results": []}
