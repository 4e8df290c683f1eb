"""Several apps, accounts and databases at Heroku, and what a new add-on does to an app."""

from tests.emulator.client import APP, Emulated

HOST = "isv-connect-1"
POSTGRES = "postgresql-emulated"
OTHER = {"Authorization": "Bearer HRKU-other"}


def host(emulated: Emulated, **body: object) -> int:
    answer = emulated.post("/heroku/teams/apps", json={"name": HOST, "team": "isv-team", **body})
    return answer.status_code


def test_an_app_is_made_for_a_team_of_the_account_and_listed(emulated: Emulated) -> None:
    assert host(emulated, team="strangers") == 404
    assert host(emulated, region="mars") == 422
    assert host(emulated, region="eu") == 201
    assert host(emulated) == 422
    shown = emulated.get(f"/heroku/apps/{HOST}").json()
    assert (shown["team"]["name"], shown["region"]["name"]) == ("isv-team", "eu")
    assert {each["name"] for each in emulated.get("/heroku/apps").json()} == {HOST, APP}


def test_an_account_has_a_limit_of_apps(emulated: Emulated) -> None:
    emulated.behave(apps_per_account=1)
    assert host(emulated) == 422


def test_an_addon_restarts_the_dynos_of_its_own_app_alone(emulated: Emulated) -> None:
    host(emulated)
    emulated.post(f"/heroku/apps/{HOST}/addons", json={"plan": "herokuconnect", "name": "hc-1"})
    emulated.get("/heroku/addons/hc-1")
    apps = emulated.running_apps()
    assert (apps[HOST]["releases"], apps[HOST]["restarts"]) == (1, 0)
    assert apps[APP]["releases"] == 0
    emulated.linked("hc-2")
    assert emulated.running_apps()[APP]["restarts"] == 1
    assert len(emulated.get(f"/heroku/apps/{APP}/dynos").json()) == 2
    assert len(emulated.get(f"/heroku/apps/{APP}/releases").json()) == 1


def test_the_lists_of_an_app_hold_its_own_addons_and_connections(emulated: Emulated) -> None:
    host(emulated)
    emulated.addon("hc-own")
    emulated.post(f"/heroku/apps/{HOST}/addons", json={"plan": "herokuconnect", "name": "hc-1"})
    assert [a["name"] for a in emulated.get(f"/heroku/apps/{HOST}/addons").json()] == ["hc-1"]
    assert emulated.get(f"/heroku/apps/{APP}/addons/hc-1").status_code == 404
    (found,) = emulated.post(f"/central/auth/{HOST}").json()["connections"]
    assert (found["resource_name"], found["app_name"]) == ("hc-1", HOST)
    listed = emulated.get("/region/api/v3/connections", params={"app": HOST}).json()["results"]
    assert [each["app_name"] for each in listed] == [HOST]
    assert emulated.get(f"/central/connections?app={APP}").json()["results"] == []


def test_another_account_sees_nothing_of_the_first_and_has_its_own_budget(
    emulated: Emulated,
) -> None:
    emulated.control("accounts", {"email": "other@isv.example", "tokens": ["HRKU-other"]})
    url = emulated.linked()
    assert emulated.get(f"/heroku/apps/{APP}", headers=OTHER).status_code == 404
    assert emulated.get("/heroku/addons/hc-acme", headers=OTHER).status_code == 404
    assert emulated.get(url, headers=OTHER).status_code == 404
    assert emulated.post(f"/central/auth/{APP}", headers=OTHER).status_code == 404
    assert emulated.get("/heroku/account", headers=OTHER).json()["email"] == "other@isv.example"
    left = emulated.get("/heroku/account/rate-limits", headers=OTHER).json()["remaining"]
    mine = emulated.get("/heroku/account/rate-limits").json()["remaining"]
    assert (left, mine) == (4497, 4499)


def test_a_database_is_attached_under_any_name(emulated: Emulated) -> None:
    host(emulated)
    body = {"app": HOST, "addon": "postgresql-emulated", "name": "TENANTS_DATABASE"}
    assert emulated.post("/heroku/addon-attachments", json=body).status_code == 201
    assert emulated.post("/heroku/addon-attachments", json=body).status_code == 422
    wrong = {**body, "addon": "postgresql-none"}
    assert emulated.post("/heroku/addon-attachments", json=wrong).status_code == 404
    variables = emulated.get(f"/heroku/apps/{HOST}/config-vars").json()
    assert variables == {"TENANTS_DATABASE_URL": emulated.world.options.database_url}
    (attached,) = emulated.get(f"/heroku/apps/{HOST}/addon-attachments").json()
    assert attached["addon"]["name"] == "postgresql-emulated"


def test_config_vars_beyond_the_limit_are_refused(emulated: Emulated) -> None:
    host(emulated)
    emulated.behave(config_bytes=80)
    order = {"plan": "herokuconnect", "attachment": {"name": "HC_1"}}
    path = f"/heroku/apps/{HOST}/addons"
    assert emulated.post(path, json={**order, "name": "hc-1"}).status_code == 201
    emulated.call("PATCH", f"/heroku/apps/{HOST}/config-vars", json={"A": "x" * 60})
    refused = emulated.post(path, json={**order, "name": "hc-2", "attachment": {"name": "HC_2"}})
    assert (refused.status_code, refused.json()["id"]) == (422, "invalid_params")


def test_a_deleted_addon_is_deprovisioning_for_a_while(emulated: Emulated) -> None:
    emulated.behave(deprovisioning_seconds=30)
    emulated.addon()
    path = f"/heroku/apps/{APP}/addons/hc-acme"
    assert emulated.call("DELETE", path).json()["state"] == "deprovisioning"
    emulated.advance(29)
    assert emulated.get(path).json()["state"] == "deprovisioning"
    assert emulated.call("DELETE", path).json()["state"] == "deprovisioning"
    emulated.advance(1)
    assert emulated.get(path).status_code == 404


def test_plans_and_addons_show_the_price(emulated: Emulated) -> None:
    emulated.behave(plan_cents=["enterprise=50000"])
    plans = emulated.get("/heroku/addon-services/herokuconnect/plans").json()
    prices = {each["name"]: each["price"] for each in plans}
    assert prices["herokuconnect:enterprise"]["cents"] == 50000
    assert prices["herokuconnect:shield"]["contract"]
    made = emulated.addon(plan="herokuconnect:enterprise").json()
    assert made["billed_price"] == {"cents": 50000, "contract": False, "unit": "month"}


def test_what_an_app_has_is_listed(emulated: Emulated) -> None:
    (owner,) = emulated.get(f"/heroku/apps/{APP}/collaborators").json()
    assert (owner["role"], owner["user"]["email"]) == ("owner", "connect@isv.example")
    missing = emulated.get(f"/heroku/apps/{APP}/pipeline-couplings")
    assert (missing.status_code, missing.json()["id"]) == (404, "not_found")
    own = emulated.get("/heroku/users/~/apps").json()
    assert own == emulated.get("/heroku/apps").json()
    assert own[0]["stack"]["name"] == "heroku-24"


def test_services_are_shown_without_a_token(emulated: Emulated) -> None:
    nobody = {"Authorization": ""}
    services = emulated.get("/heroku/addon-services", headers=nobody).json()
    (service,) = [each for each in services if each["name"] == "herokuconnect"]
    for key in (service["name"], service["id"]):
        shown = emulated.get(f"/heroku/addon-services/{key}", headers=nobody).json()
        assert shown == service
    plans = emulated.get(f"/heroku/addon-services/{service['id']}/plans", headers=nobody)
    assert {each["state"] for each in plans.json()} == {"ga"}
    for path in ("redis", "redis/plans"):
        missing = emulated.get(f"/heroku/addon-services/{path}", headers=nobody)
        assert missing.status_code == 404


def test_an_app_is_deleted_with_its_addons_and_its_attachments(emulated: Emulated) -> None:
    host(emulated)
    emulated.addon("hc-own")
    emulated.post(f"/heroku/apps/{HOST}/addons", json={"plan": "herokuconnect", "name": "hc-1"})
    emulated.post("/heroku/addon-attachments", json={"app": HOST, "addon": "hc-own", "name": "X"})
    emulated.post("/heroku/addon-attachments", json={"app": APP, "addon": "hc-1", "name": "Y"})
    answer = emulated.call("DELETE", f"/heroku/apps/{HOST}")
    assert (answer.status_code, answer.json()["name"]) == (200, HOST)
    assert emulated.get(f"/heroku/apps/{HOST}").status_code == 404
    assert emulated.call("DELETE", f"/heroku/apps/{HOST}").status_code == 404
    assert emulated.get("/heroku/addons/hc-1").status_code == 404
    names = {each["name"] for each in emulated.get("/heroku/addon-attachments").json()}
    assert names == {"HEROKUCONNECT", "DATABASE"}
    assert host(emulated) == 201


def test_the_app_that_the_emulator_is_for_stays(emulated: Emulated) -> None:
    answer = emulated.call("DELETE", f"/heroku/apps/{APP}")
    assert (answer.status_code, APP in answer.json()["message"]) == (422, True)


def test_a_postgres_addon_is_listed_with_the_app_that_pays_for_it(emulated: Emulated) -> None:
    host(emulated)
    emulated.addon("hc-own")
    attached = {"app": HOST, "addon": POSTGRES, "name": "SHARED"}
    assert emulated.post("/heroku/addon-attachments", json=attached).status_code == 201
    listed = emulated.get(f"/heroku/apps/{APP}/addons").json()
    assert {each["name"] for each in listed} == {"hc-own", POSTGRES}
    (shown,) = [each for each in listed if each["name"] == POSTGRES]
    (other,) = [each for each in listed if each["name"] == "hc-own"]
    assert shown.keys() == other.keys()
    assert (shown["plan"]["name"], shown["config_vars"]) == (
        "heroku-postgresql:standard-0",
        ["DATABASE_URL"],
    )
    assert emulated.get(f"/heroku/apps/{HOST}/addons").json() == []
    paths = (f"/addons/{POSTGRES}", f"/addons/{shown['id']}", f"/apps/{APP}/addons/{POSTGRES}")
    assert all(emulated.get(f"/heroku{each}").json() == shown for each in paths)
    assert shown in emulated.get("/heroku/addons").json()
    found = emulated.get(f"/heroku/addons/{POSTGRES}/addon-attachments").json()
    assert {each["name"] for each in found} == {"DATABASE", "SHARED"}
    assert {each["addon"]["app"]["name"] for each in found} == {APP}


def test_a_postgres_addon_is_resolved_by_its_name_or_its_attachment(emulated: Emulated) -> None:
    for wanted in ({"addon": POSTGRES}, {"addon": "DATABASE", "app": APP}):
        (found,) = emulated.post("/heroku/actions/addons/resolve", json=wanted).json()
        assert found["name"] == POSTGRES
    wanted = {"addon": "DATABASE"}
    assert emulated.post("/heroku/actions/addons/resolve", json=wanted).status_code == 404


def test_postgres_is_a_service_with_one_plan(emulated: Emulated) -> None:
    services = emulated.get("/heroku/addon-services").json()
    assert {each["name"] for each in services} == {"herokuconnect", "heroku-postgresql"}
    (plan,) = emulated.get("/heroku/addon-services/heroku-postgresql/plans").json()
    assert plan["name"] == "heroku-postgresql:standard-0"
    assert emulated.get("/heroku/addon-services/heroku-postgresql").status_code == 200
