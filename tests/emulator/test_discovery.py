"""Heroku Connect's discovery service."""

from typing import Any

from tests.emulator.client import APP, Emulated

KEYS = {
    *("id", "resource_name", "display_name", "addon_type", "app_name", "app_id", "region"),
    *("region_url", "region_flag", "region_label", "cell_label", "cell", "detail_url"),
}
NOTHING: dict[str, Any] = {
    "results": [],
    "regions": {},
    "cells": {},
    "next": None,
    "previous": None,
    "count": 0,
}


def test_an_addon_is_listed_only_after_it_was_linked(emulated: Emulated) -> None:
    addon = emulated.addon().json()
    assert emulated.get(f"/central/connections?app={APP}").json() == NOTHING
    linked = emulated.post(f"/central/auth/{APP}")
    assert linked.status_code == 200
    assert linked.json().keys() == {"user", "connections", "regions", "cells"}
    found = emulated.get(f"/central/connections?app={APP}&resource_name=hc-acme").json()
    (summary,) = found["results"]
    assert found["count"] == 1
    assert summary.keys() == KEYS
    assert summary["id"] == addon["id"]
    assert summary["region_url"] == f"{emulated.running.url}/region"
    assert summary["detail_url"].startswith(f"{summary['region_url']}/api/v3/connections/")


def test_an_addon_made_after_linking_needs_linking_again(emulated: Emulated) -> None:
    emulated.linked("hc-first")
    emulated.addon("hc-second")
    assert emulated.get(f"/central/connections?app={APP}").json()["count"] == 1
    emulated.post(f"/central/auth/{APP}")
    assert emulated.get(f"/central/connections?app={APP}").json()["count"] == 2


def test_an_addon_still_provisioning_cannot_be_linked(emulated: Emulated) -> None:
    emulated.behave(provisioning_seconds=10)
    emulated.addon()
    assert emulated.post(f"/central/auth/{APP}").json()["connections"] == []
    emulated.advance(10)
    assert emulated.get(f"/central/connections?app={APP}").json() == NOTHING
    assert len(emulated.post(f"/central/auth/{APP}").json()["connections"]) == 1


def test_names_of_others_find_nothing(emulated: Emulated) -> None:
    emulated.linked()
    assert emulated.get("/central/connections?app=other").json() == NOTHING
    query = f"/central/connections?app={APP}&resource_name=other"
    assert emulated.get(query).json() == NOTHING
    for kind, count in (("1", 1), ("2", 0)):
        kinds = f"/central/connections?app={APP}&addon_type={kind}"
        assert emulated.get(kinds).json()["count"] == count
    assert emulated.post("/central/auth/other").status_code == 404


def test_a_connections_id_can_differ_from_its_addons(emulated: Emulated) -> None:
    emulated.behave(unequal_connection_ids=True)
    addon = emulated.addon().json()
    (summary,) = emulated.post(f"/central/auth/{APP}").json()["connections"]
    assert summary["id"] != addon["id"]
    assert emulated.get(summary["detail_url"]).json()["addon_id"] == addon["id"]


def test_a_bad_token_gives_a_401(emulated: Emulated) -> None:
    refused = emulated.get("/central/connections", headers={"Authorization": "Bearer "})
    assert refused.status_code == 401
    assert "message" in refused.json()


def test_further_cells_serve_connections_at_their_own_paths(emulated: Emulated) -> None:
    emulated.running.world.behaviour.change({"cells": 2})
    for name in ("hc-first", "hc-second"):
        emulated.linked(name)
    found = emulated.get(f"/central/connections?app={APP}").json()["results"]
    urls = {each["region_url"].removeprefix(emulated.running.url) for each in found}
    assert urls == {"/region", "/region-2"}
    for each in found:
        path = each["detail_url"].removeprefix(emulated.running.url)
        assert emulated.get(path).json()["id"] == each["id"]
    fault = {"system": "region", "path": "^/region-2/", "status": 500}
    emulated.control("faults", fault)
    statuses = {
        emulated.get(each["detail_url"].removeprefix(emulated.running.url)).status_code
        for each in found
    }
    assert statuses == {200, 500}
