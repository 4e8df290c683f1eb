"""A connection and its mappings are read, also with missing or unknown values."""

from typing import Any

import pytest
from pytest_django.fixtures import Settings

from connect.clients import heroku_connect, http
from connect.clients.accounts import Remote
from tests.connect.clients.connection_samples import DETAIL, ID, MAPPING, lines, plays
from tests.connect.clients.rawpeer import RawPeer

pytestmark = pytest.mark.django_db  # calls are counted


@pytest.fixture(autouse=True)
def _here(raw: RawPeer, settings: Settings, impatient: None) -> None:
    settings.HEROKU_CONNECT_URL = raw.url


def test_all_fields_of_a_connection_are_read(raw: RawPeer) -> None:
    plays(raw, DETAIL)
    seen = heroku_connect.detail(Remote(raw.url, ID), deep=True)
    assert lines(raw) == [f"GET /api/v3/connections/{ID}?deep=true"]
    assert (seen.id, seen.state, seen.schema_name, seen.db_key) == (
        ID, "IDLE", "sf_x_1", "DATABASE_URL",
    )  # fmt: skip
    assert (seen.organization_id, seen.username) == ("00DB00000002NDmMAM", "ops@acme.example")
    assert (seen.api_version, seen.view_all_data) == ("64.0", True)
    [mapping] = seen.mappings
    assert (mapping.id, mapping.object_name, mapping.state) == ("9a", "Account", "DATA_SYNCED")
    assert (mapping.access, mapping.config["revision"]) == ("read_only", 7)
    assert (mapping.rows_in_database, mapping.rows_in_salesforce) == (10, 11)
    assert (mapping.rows_pending, mapping.rows_failed) == (1, 0)


def test_a_new_connection_has_blanks(raw: RawPeer) -> None:
    nothing = dict.fromkeys(set(DETAIL) - {"id", "state"})
    plays(raw, {**DETAIL, **nothing, "state": "NEW"})
    seen = heroku_connect.detail(Remote(raw.url, ID))
    assert (seen.schema_name, seen.db_key, seen.organization_id, seen.username) == ("", "", "", "")
    assert (seen.api_version, seen.mappings, seen.view_all_data) == ("", (), None)
    assert lines(raw) == [f"GET /api/v3/connections/{ID}"]


@pytest.mark.parametrize(
    ("changes", "attribute", "value"),
    [
        ({"state": "SYSTEM_ON_ICE_2"}, "state", "SYSTEM_ON_ICE_2"),
        (
            {"organization_id": None, "sf_info": {"organization_id": "00D"}},
            "organization_id",
            "00D",
        ),
        ({"sf_info": None, "user_info": {"username": "u"}}, "username", "u"),
        (
            {"user_info": {"profile_perms": {"PermissionsViewAllData": "false"}}},
            "view_all_data",
            False,
        ),
        ({"user_info": {"profile_perms": {"PermissionsViewAllData": True}}}, "view_all_data", True),
        ({"user_info": {"profile_perms": None}}, "view_all_data", None),
        ({"user_info": "odd"}, "view_all_data", None),
        ({"mappings": []}, "mappings", ()),
    ],
)
def test_what_varies_in_a_connection_is_read(
    raw: RawPeer, changes: dict[str, Any], attribute: str, value: object
) -> None:
    plays(raw, {**DETAIL, **changes})
    assert getattr(heroku_connect.detail(Remote(raw.url, ID), deep=True), attribute) == value


def test_a_mapping_without_counts_has_none(raw: RawPeer) -> None:
    odd = {"id": 5, "object_name": "Account", "state": "SOME_NEW_STATE", "config": None}
    plays(raw, {**DETAIL, "mappings": [odd, {**MAPPING, "access": None, "counts": {"db": "10"}}]})
    first, second = heroku_connect.detail(Remote(raw.url, ID), deep=True).mappings
    assert (first.id, first.state, first.access, first.config) == ("5", "SOME_NEW_STATE", "", {})
    assert (first.rows_in_database, first.rows_failed) == (None, None)
    assert (second.access, second.rows_in_database) == ("read_only", None)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"id": None}, "without id"),
        ({"state": None}, "without state"),
        ({"mappings": None}, "without mappings"),
        ({"mappings": [{**MAPPING, "state": None}]}, "without mappings.state"),
        ({"mappings": ["Account"]}, "without mappings"),
    ],
)
def test_a_connection_without_what_matters_is_retryable(
    raw: RawPeer, changes: dict[str, Any], words: str
) -> None:
    plays(raw, {**DETAIL, **changes})
    with pytest.raises(http.Retryable, match=words):
        heroku_connect.detail(Remote(raw.url, ID), deep=True)
