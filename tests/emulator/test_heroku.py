"""Heroku's Platform API: add-ons, attachments, config vars, account, limits."""

from typing import Any

import pytest

from tests.emulator.client import APP, Emulated

ADDONS = f"/heroku/apps/{APP}/addons"
KEYS = {
    *("actions", "addon_service", "billing_entity", "app", "billed_price", "config_vars"),
    *("created_at", "id", "name", "plan", "provider_id", "provision_message", "state"),
    *("updated_at", "web_url"),
}


def test_a_new_addon_is_provisioning_for_a_while(emulated: Emulated) -> None:
    emulated.behave(provisioning_seconds=30)
    made = emulated.addon(attachment={"name": "hc_acme"})
    assert made.status_code == 201
    assert made.json().keys() == KEYS
    assert made.json()["state"] == "provisioning"
    assert made.json()["provider_id"] is None
    assert made.json()["config_vars"] == ["HC_ACME_URL"]
    emulated.advance(29)
    assert emulated.get(f"{ADDONS}/hc-acme").json()["state"] == "provisioning"
    emulated.advance(1)
    by_name = emulated.get(f"{ADDONS}/hc-acme").json()
    assert by_name["state"] == "provisioned"
    assert emulated.get(f"{ADDONS}/{by_name['id']}").json() == by_name


def test_provisioning_can_fail(emulated: Emulated) -> None:
    emulated.behave(provisioning_fails=True)
    emulated.addon()
    assert emulated.get(f"{ADDONS}/hc-acme").json()["state"] == "deprovisioned"
    assert emulated.post(f"/central/auth/{APP}").json()["connections"] == []


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"name": "hc-acme"}, "Name is already taken"),
        ({"name": "somebody-elses"}, "Name is already taken"),
        ({"name": "1 bad name"}, "Name is invalid"),
        (
            {"name": "hc-2", "attachment": {"name": "HC_ACME"}},
            "Add-on attachment name HC_ACME is in use",
        ),
        (
            {"name": "hc-2", "attachment": {"name": "hc-acme"}},
            "Attachment name is invalid",
        ),
        (
            {"name": "hc-2", "plan": "herokuconnect:huge"},
            "Couldn't find either the add-on service or the plan.",
        ),
    ],
)
def test_an_invalid_addon_gives_a_422(
    emulated: Emulated, body: dict[str, Any], message: str
) -> None:
    emulated.behave(taken_names=["somebody-elses"])
    emulated.addon(attachment={"name": "HC_ACME"})
    refused = emulated.addon(**body)
    assert refused.status_code == 422
    assert refused.json() == {"id": "invalid_params", "message": message}
    assert len(emulated.addons(emulated.get(ADDONS))) == 1


def test_an_addon_that_overwrites_a_config_var_needs_a_confirmation_by_name(
    emulated: Emulated,
) -> None:
    url = f"/heroku/apps/{APP}/config-vars"
    emulated.call("PATCH", url, json={"HC_ACME_URL": "by hand"})
    refused = emulated.addon(attachment={"name": "hc_acme"})
    assert refused.status_code == 423
    assert refused.json()["id"] == "confirmation_required"
    assert refused.headers["X-Confirmation-Required"] == APP
    assert emulated.addon(attachment={"name": "hc_acme"}, confirm="x").status_code == 423
    assert emulated.addon(attachment={"name": "hc_acme"}, confirm=APP).status_code == 201


def test_the_deletion_of_an_addon_needs_no_confirmation(emulated: Emulated) -> None:
    emulated.addon()
    emulated.behave(confirmation_required=True)
    assert emulated.call("DELETE", f"{ADDONS}/hc-acme", json={"force": False}).status_code == 200


def test_a_deleted_addons_connection_is_removed_too(emulated: Emulated) -> None:
    url = emulated.configured(attachment={"name": "HC_ACME"})
    assert emulated.get(url).json()["state"] == "NEED_AUTHENTICATION"
    assert emulated.world.own_app.config_vars["HC_ACME_URL"] == "DATABASE_URL:sf_acme_1"
    gone = emulated.call("DELETE", f"{ADDONS}/hc-acme")
    assert (gone.status_code, gone.json()["state"]) == (200, "deprovisioned")
    assert emulated.get(f"{ADDONS}/hc-acme").status_code == 404
    assert emulated.get(url).status_code == 404
    assert "HC_ACME_URL" not in emulated.world.own_app.config_vars
    assert emulated.call("DELETE", f"{ADDONS}/hc-acme").status_code == 404


def test_a_plan_can_be_changed_but_not_the_attachment(emulated: Emulated) -> None:
    emulated.addon()
    body = {"plan": "herokuconnect:enterprise", "name": "hc-renamed"}
    changed = emulated.call("PATCH", f"{ADDONS}/hc-acme", json=body)
    assert changed.json()["plan"]["name"] == "herokuconnect:enterprise"
    assert changed.json()["name"] == "hc-renamed"
    body = {"plan": "herokuconnect:demo", "attachment": {"name": "X"}}  # type: ignore[dict-item]
    assert emulated.call("PATCH", f"{ADDONS}/hc-renamed", json=body).status_code == 422


def test_lists_come_in_pages(emulated: Emulated) -> None:
    for number in range(2):
        emulated.addon(f"hc-{number}")
    first = emulated.get(ADDONS, headers={"Range": "id ..; max=2"})
    assert first.status_code == 206
    second = emulated.get(ADDONS, headers={"Range": first.headers["Next-Range"]})
    assert second.status_code == 200
    names = {each["name"] for each in first.json() + second.json()}
    assert names == {"hc-0", "hc-1", "postgresql-emulated"}
    assert len(emulated.get("/heroku/addons").json()) == 3
    assert emulated.get(ADDONS, headers={"Range": "what"}).status_code == 416


def test_attachments_show_the_names_that_addons_do_not(emulated: Emulated) -> None:
    addon = emulated.addon(attachment={"name": "hc_acme"}).json()
    attachments = emulated.get(f"/heroku/apps/{APP}/addon-attachments").json()
    assert {each["name"] for each in attachments} == {"DATABASE", "HC_ACME"}
    attached = next(each for each in attachments if each["name"] != "DATABASE")
    assert attached["name"] == "HC_ACME"
    assert attached["addon"]["name"] == "hc-acme"
    assert emulated.get(f"/heroku/addons/{addon['id']}/addon-attachments").json() == [attached]


def test_an_addon_is_resolved_by_name(emulated: Emulated) -> None:
    addon = emulated.addon().json()
    resolve = "/heroku/actions/addons/resolve"
    assert emulated.post(resolve, json={"addon": "hc-acme"}).json()[0]["id"] == addon["id"]
    missing = emulated.post(resolve, json={"addon": "nothing"})
    assert missing.status_code == 404
    assert missing.json()["resource"] == "add_on"


def test_config_vars_merge_and_null_removes(emulated: Emulated) -> None:
    path = f"/heroku/apps/{APP}/config-vars"
    assert emulated.get(path).json() == {"DATABASE_URL": emulated.world.options.database_url}
    assert emulated.call("PATCH", path, json={"A": "1", "B": "2"}).json()["B"] == "2"
    assert "A" not in emulated.call("PATCH", path, json={"A": None}).json()


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Accept": "application/json"}, 406, "not_acceptable"),
        ({"Accept": "application/vnd.heroku+json; version=2"}, 406, "not_acceptable"),
        ({"Authorization": ""}, 401, "unauthorized"),
        ({"Authorization": "Basic HRKU-token"}, 401, "unauthorized"),
        ({"Authorization": "Bearer revoked"}, 401, "unauthorized"),
    ],
)
def test_a_call_without_the_right_headers_is_refused(
    emulated: Emulated, headers: dict[str, str], status: int, code: str
) -> None:
    emulated.behave(revoked_tokens=["revoked"])
    refused = emulated.get("/heroku/account", headers=headers)
    assert (refused.status_code, refused.json()["id"]) == (status, code)


def test_plans_need_no_token(emulated: Emulated) -> None:
    found = emulated.get(
        "/heroku/addon-services/herokuconnect/plans", headers={"Authorization": ""}
    )
    assert {each["name"] for each in found.json()} == {
        "herokuconnect:demo",
        "herokuconnect:enterprise",
        "herokuconnect:shield",
    }


def test_calls_cost_tokens_that_are_refilled_with_time(emulated: Emulated) -> None:
    emulated.behave(rate_limit=2)
    left = [emulated.get("/heroku/account") for _ in range(3)]
    assert [each.status_code for each in left] == [200, 200, 429]
    assert [each.headers["RateLimit-Remaining"] for each in left] == ["1", "0", "0"]
    assert left[2].json()["id"] == "rate_limit"
    assert emulated.get("/heroku/account/rate-limits").json() == {"remaining": 0}
    emulated.advance(0.8)  # one token at 75 a minute
    assert emulated.get("/heroku/account").status_code == 200


def test_the_request_id_is_returned(emulated: Emulated) -> None:
    mine = emulated.get("/heroku/account", headers={"Request-Id": "mine"})
    assert mine.headers["Request-Id"] == "mine"
    assert len(emulated.get("/heroku/account").headers["Request-Id"]) == 36
    assert emulated.get("/heroku/account").json()["delinquent_at"] is None


@pytest.mark.parametrize("path", ["/heroku/apps/other/addons", "/heroku/nothing/of/it"])
def test_unknown_things_give_a_404(emulated: Emulated, path: str) -> None:
    missing = emulated.get(path)
    assert (missing.status_code, missing.json()["id"]) == (404, "not_found")


def test_a_wrong_method_and_a_broken_body_are_refused(emulated: Emulated) -> None:
    assert emulated.call("PUT", ADDONS).status_code == 405
    assert emulated.post(ADDONS, data=b"{").json()["id"] == "bad_request"
    assert emulated.post(ADDONS, data=b"[]").status_code == 400


def test_an_addon_is_enrolled_with_one_isv(emulated: Emulated) -> None:
    addon = emulated.addon().json()
    path = f"/heroku/partner/connect/multiconnect/addon/{addon['id']}/enroll"
    partner = {"Accept": "application/vnd.heroku+json; version=3.partner"}
    assert emulated.post(path, json={}).status_code == 406
    enrolled = emulated.post(path, json={}, headers=partner)
    assert enrolled.status_code == 200
    assert enrolled.json().keys() == {"addon_uuid", "isv_guid", "isv_slug", "message"}
    assert enrolled.json()["addon_uuid"] == addon["id"]
    again = emulated.post(path, json={}, headers=partner)
    assert (again.status_code, again.json()["id"]) == (409, "conflict")
    emulated.behave(isv_teams=["isv-team"])
    refused = emulated.post(path, json={}, headers=partner)
    assert (refused.status_code, refused.json()["id"]) == (403, "forbidden")
    emulated.behave(isv_slugs=["somebody-else"])
    assert emulated.post(path, json={}, headers=partner).status_code == 404


def test_the_app_shows_itself(emulated: Emulated) -> None:
    app = emulated.get(f"/heroku/apps/{APP}").json()
    assert app["name"] == APP
    assert emulated.get(f"/heroku/apps/{app['id']}/log-drains").json() == []
