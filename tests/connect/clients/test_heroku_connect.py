"""Heroku Connect: discovery, the regional calls, and addresses that peers name."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from connect.clients import heroku_connect, http
from connect.clients.accounts import App, Remote
from connect.clients.heroku_connect import ConnectionSummary
from tests.connect.clients import rawpeer
from tests.connect.clients.connection_samples import (
    DETAIL,
    ID,
    MAPPING,
    REGION,
    SUMMARY,
    body,
    lines,
    plays,
)
from tests.connect.clients.rawpeer import RawPeer, drops, says

pytestmark = pytest.mark.django_db  # calls are counted


@pytest.fixture(autouse=True)
def _here(raw: RawPeer, settings: Settings, impatient: None) -> None:
    settings.HEROKU_CONNECT_URL = raw.url


def test_linking_lists_the_apps_connections(raw: RawPeer) -> None:
    plays(raw, {"user": {}, "connections": [SUMMARY, {**SUMMARY, "resource_name": "hc-dune"}]})
    assert heroku_connect.link(App("an/app")) == [
        ConnectionSummary(ID, "hc-acme", REGION),
        ConnectionSummary(ID, "hc-dune", REGION),
    ]
    assert heroku_connect.link(App("an/app"), "hc-dune") == [
        ConnectionSummary(ID, "hc-dune", REGION)
    ]
    assert lines(raw) == ["POST /auth/an%2Fapp"] * 2
    assert rawpeer.header(raw.requests[0], "Authorization") == "Bearer HRKU-test-token"


@pytest.mark.parametrize(
    ("changes", "summary"),
    [
        ({"id": 1234}, ConnectionSummary("1234", "hc-acme", REGION)),
        ({"region_url": None}, ConnectionSummary(ID, "hc-acme", REGION)),
        ({"region_url": REGION + "/"}, ConnectionSummary(ID, "hc-acme", REGION)),
        (
            {"region_url": None, "detail_url": f"{REGION}/connections/1234"},
            ConnectionSummary(ID, "hc-acme", REGION),
        ),
        ({"unknown": {"key": []}}, ConnectionSummary(ID, "hc-acme", REGION)),
    ],
)
def test_summaries_in_older_formats_are_read(
    raw: RawPeer, changes: dict[str, Any], summary: ConnectionSummary
) -> None:
    plays(raw, {"connections": [{**SUMMARY, **changes}]})
    assert heroku_connect.link(App("app"), "hc-acme") == [summary]


@pytest.mark.parametrize(
    ("changes", "kind", "words"),
    [
        ({"id": None}, http.Uncertain, "without connections.id"),
        (
            {"region_url": None, "detail_url": "/x"},
            http.Uncertain,
            "without connections.region_url",
        ),
        ({"region_url": "https://evil.example"}, http.Permanent, "'evil.example' is not one of"),
        ({"region_url": "http://connect-eu.heroku.com"}, http.Permanent, "is not one of"),
        ({"region_url": "https://x@connect-eu.heroku.com"}, http.Permanent, "not a plain address"),
        ({"region_url": "https://heroku.com.evil.example"}, http.Permanent, "is not one of"),
        ({"region_url": "https://evilheroku.com"}, http.Permanent, "is not one of"),
        ({"region_url": "https://[::1"}, http.Permanent, "is not an address"),
    ],
)
def test_a_bad_summary_is_an_error_for_its_own_tenant_and_left_out_for_all_others(
    raw: RawPeer, changes: dict[str, Any], kind: type[http.RemoteError], words: str
) -> None:
    plays(raw, {"connections": [{**SUMMARY, **changes}, {**SUMMARY, "resource_name": "hc-dune"}]})
    with pytest.raises(kind, match=words):
        heroku_connect.link(App("app"), "hc-acme")
    assert heroku_connect.link(App("app")) == [ConnectionSummary(ID, "hc-dune", REGION)]
    assert heroku_connect.link(App("app"), "hc-dune") == [ConnectionSummary(ID, "hc-dune", REGION)]


@pytest.mark.parametrize("script", [says("", 200), says("{}", 200), says("configured", 202)])
def test_configuring_returns_the_status_only(raw: RawPeer, script: rawpeer.Script) -> None:
    raw.plays(script)
    assert heroku_connect.configure(Remote(raw.url, ID), "DATABASE_URL", "sf_x_1") in (200, 202)
    assert lines(raw) == [f"PATCH /api/v3/connections/{ID}"]
    assert body(raw) == {"db_key": "DATABASE_URL", "schema_name": "sf_x_1"}


@pytest.mark.parametrize(
    ("environment", "domain", "document"),
    [
        ("production", "", {"environment": "production"}),
        ("sandbox", "acme.my.salesforce.com", {"environment": "sandbox"}),
        (
            "custom",
            "acme.my.salesforce.com",
            {"environment": "custom", "domain": "acme.my.salesforce.com"},
        ),
    ],
)
def test_an_authorize_url_is_asked_for_the_orgs_own_login(
    raw: RawPeer, environment: str, domain: str, document: dict[str, str]
) -> None:
    there = "https://login.salesforce.com/services/oauth2/authorize?state=a%2Fb/"
    raw.plays(says(json.dumps({"redirect": there}), 201))
    url = heroku_connect.authorize_url(Remote(raw.url, ID), environment, domain, "https://p/next")
    assert url == there
    assert lines(raw) == [f"POST /api/v3/connections/{ID}/authorize_url"]
    assert body(raw) == {**document, "next": "https://p/next"}


@pytest.mark.parametrize(
    ("redirect", "kind"),
    [
        ("https://connect-eu.heroku.com/oauth/1", None),
        ("https://acme.my.salesforce.com/services/oauth2/authorize", None),
        ("https://evil.example/", http.Permanent),
        ("http://login.salesforce.com/", http.Permanent),
        ("javascript:alert(1)", http.Permanent),
        ("//evil.example/", http.Permanent),
        ("https://login.salesforce.com\\@evil.example", http.Permanent),
        ("", http.Uncertain),
        (None, http.Uncertain),
        (["https://login.salesforce.com"], http.Uncertain),
    ],
)
def test_the_subscriber_is_only_sent_to_heroku_or_salesforce(
    raw: RawPeer, redirect: object, kind: type[http.RemoteError] | None
) -> None:
    plays(raw, {"redirect": redirect})
    if kind is None:
        assert heroku_connect.authorize_url(Remote(raw.url, ID), "production", "", "/") == redirect
        return
    with pytest.raises(kind):
        heroku_connect.authorize_url(Remote(raw.url, ID), "production", "", "/")


def test_mappings_are_handed_over_as_they_are(raw: RawPeer) -> None:
    raw.plays(says("", 200))
    heroku_connect.import_mappings(Remote(raw.url, ID), {"version": 1, "mappings": []})
    assert lines(raw) == [f"POST /api/v3/connections/{ID}/actions/import"]
    assert body(raw) == {"version": 1, "mappings": []}


def test_an_export_is_a_document_with_mappings(raw: RawPeer) -> None:
    plays(raw, {"version": 1, "mappings": [MAPPING]})
    assert heroku_connect.export(Remote(raw.url, ID)) == {"version": 1, "mappings": [MAPPING]}
    assert lines(raw) == [f"GET /api/v3/connections/{ID}/actions/export"]
    plays(raw, {"version": 1})
    with pytest.raises(http.Retryable, match="without mappings"):
        heroku_connect.export(Remote(raw.url, ID))


ACTIONS: list[tuple[Callable[[Remote], None], str]] = [
    (heroku_connect.pause, "pause"),
    (heroku_connect.resume, "resume"),
    (heroku_connect.restart, "restart"),
]


@pytest.mark.parametrize(("act", "name"), ACTIONS)
def test_an_action_is_one_post(raw: RawPeer, act: Callable[[Remote], None], name: str) -> None:
    raw.plays(says("", 202))
    act(Remote(raw.url, ID))
    assert lines(raw) == [f"POST /api/v3/connections/{ID}/actions/{name}"]


@pytest.mark.parametrize(("act", "name"), ACTIONS)
def test_an_action_in_the_wrong_state_is_a_conflict_with_the_peers_message(
    raw: RawPeer, act: Callable[[Remote], None], name: str
) -> None:
    raw.plays(says('{"message": "Connection is busy."}', 409))
    with pytest.raises(http.Conflict) as caught:
        act(Remote(raw.url, ID))
    assert str(caught.value).startswith("Heroku Connect answered 409: Connection is busy. (request")


UNSAFE: list[Callable[[str], object]] = [
    lambda url: heroku_connect.configure(Remote(url, ID), "DATABASE_URL", "sf_x_1"),
    lambda url: heroku_connect.authorize_url(Remote(url, ID), "production", "", "/"),
    lambda url: heroku_connect.import_mappings(Remote(url, ID), {"mappings": []}),
    lambda url: heroku_connect.pause(Remote(url, ID)),
    lambda _url: heroku_connect.link(App("app")),
]


@pytest.mark.parametrize("call", UNSAFE)
@pytest.mark.parametrize(
    ("script", "kind"),
    [
        (drops, http.Uncertain),
        (says("<html>Application error", 503, Content_Type="text/html"), http.Uncertain),
        (says("<html>Log in", 200, Content_Type="text/html"), http.Uncertain),
        (says('{"message": "No."}', 400), http.Permanent),
        (says("", 401), http.Unauthorized),
        (says('{"message": "No."}', 403), http.Permanent),
        (says("", 404), http.NotFound),
        (says("", 429, Retry_After=9), http.Retryable),
        (says("", 302, Location="https://id.heroku.com/login"), http.Permanent),
    ],
)
def test_a_call_that_changes_something_is_made_once(
    raw: RawPeer,
    call: Callable[[str], object],
    script: rawpeer.Script,
    kind: type[http.RemoteError],
) -> None:
    raw.plays(script)
    with pytest.raises(http.RemoteError) as caught:
        call(raw.url)
    assert type(caught.value) is kind
    assert len(raw.requests) == 1


def test_a_stored_region_is_checked_again_before_it_gets_the_token(raw: RawPeer) -> None:
    with rawpeer.serving() as stranger:
        for call in UNSAFE[:-1]:
            with pytest.raises(http.Permanent, match="named an address that is not allowed"):
                call(stranger.url)
        with pytest.raises(http.Permanent, match="named an address that is not allowed"):
            heroku_connect.detail(Remote(stranger.url, ID))
        assert stranger.requests == []


def test_a_connection_id_stays_one_segment_of_the_path(raw: RawPeer) -> None:
    plays(raw, DETAIL)
    heroku_connect.detail(Remote(raw.url, "../../users/me"))
    assert lines(raw) == ["GET /api/v3/connections/..%2F..%2Fusers%2Fme"]
