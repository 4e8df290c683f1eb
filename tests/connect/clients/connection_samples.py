"""Heroku Connect's documents of a connection, and what was sent to get them."""

import json
from typing import Any

from tests.connect.clients.rawpeer import RawPeer, says

ID = "1b0fb8a5-3b0c-4d27-b0fd-7d0b6d1c1f3e"
REGION = "https://connect-2-virginia.heroku.com"
SUMMARY: dict[str, Any] = {
    "id": ID,
    "resource_name": "hc-acme",
    "display_name": None,
    "addon_type": "Sync",
    "region_url": REGION,
    "detail_url": f"{REGION}/api/v3/connections/{ID}",
}
MAPPING: dict[str, Any] = {
    "id": "9a",
    "object_name": "Account",
    "state": "DATA_SYNCED",
    "config": {"access": "read_only", "revision": 7},
    "access": "read_only",
    "counts": {"db": 10, "sf": 11, "pending": 1, "errors": 0},
}
DETAIL: dict[str, Any] = {
    "id": ID,
    "state": "IDLE",
    "schema_name": "sf_x_1",
    "db_key": "DATABASE_URL",
    "organization_id": "00DB00000002NDmMAM",
    "sf_info": {"username": "ops@acme.example", "organization_id": None, "api_version": "64.0"},
    "user_info": {"profile_perms": {"PermissionsViewAllData": "true"}},
    "mappings": [MAPPING],
}


def plays(raw: RawPeer, *documents: Any) -> None:
    raw.plays(*(says(json.dumps(each)) for each in documents))


def lines(raw: RawPeer) -> list[str]:
    return [request.decode().split(" HTTP/")[0] for request in raw.requests]


def body(raw: RawPeer, number: int = 0) -> Any:
    return json.loads(raw.requests[number].partition(b"\r\n\r\n")[2])
