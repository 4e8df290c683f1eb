"""How a call ends, over a real socket, when the peer does what peers do."""

import gzip
import json
import logging
import os
import re
import threading
import uuid

import pytest

from connect.clients import http
from tests.connect.clients import rawpeer
from tests.connect.clients.conftest import LIMITS
from tests.connect.clients.rawpeer import RawPeer, drops, drops_after, head, is_silent, says

PAGE = "<!DOCTYPE html><title>Maintenance</title>"


def test_a_document_is_sent_and_read_as_json(raw: RawPeer, peer: http.Peer) -> None:
    raw.plays(says('{"name": "S\\u00f6hne"}', 201, Request_Id="their-id"))
    answer = peer.call("POST", "/things", document={"a": "ü"}, params={"q": "x y"})
    assert answer.document().string("name") == "Söhne"
    assert (answer.status, answer.request_id) == (201, "their-id")
    start, _, body = raw.requests[0].partition(b"\r\n\r\n")
    assert start.startswith(b"POST /things?q=x+y HTTP/1.1")
    assert json.loads(body) == {"a": "ü"}
    assert rawpeer.header(raw.requests[0], "Authorization") == "Bearer HRKU-secret-token"
    assert rawpeer.header(raw.requests[0], "Content-Type") == "application/json"


def test_each_request_carries_an_id_of_its_own(raw: RawPeer, peer: http.Peer) -> None:
    raw.plays(says("{}"))
    ids = [peer.call("GET", "/").request_id for _ in range(2)]
    assert [rawpeer.header(request, "Request-Id") for request in raw.requests] == ids
    assert len({uuid.UUID(each) for each in ids}) == 2


def test_no_token_and_no_netrc_means_no_authorization_header(
    raw: RawPeer, tmp_path: os.PathLike[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = os.path.join(tmp_path, "netrc")
    with open(netrc, "w") as file:
        file.write("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", netrc)
    raw.plays(says("{}"))
    http.Peer("Peer", raw.url).call("GET", "/")
    assert rawpeer.header(raw.requests[0], "Authorization") is None


@pytest.mark.parametrize(
    ("script", "body"),
    [
        (says("", 204), None),
        (says("", 200), None),
        (says(" \r\n", 202), None),
        (says("[]", 200), []),
        (says("{}", 206), {}),
        (says('{"a": 1}', 200, Content_Type="text/plain"), {"a": 1}),
        (says('{"a": 1}', 200, Content_Type="text/html"), {"a": 1}),
        (says(gzip.compress(b'{"a": 1}'), 200, Content_Encoding="gzip"), {"a": 1}),
        (drops_after(head() + b"[1]"), [1]),  # no length: the end of the connection is the end
    ],
)
def test_every_form_of_success_is_read(
    raw: RawPeer, peer: http.Peer, script: rawpeer.Script, body: object
) -> None:
    raw.plays(script)
    assert peer.call("POST", "/").body == body
    assert len(raw.requests) == 1


def test_a_token_that_is_no_header_value_is_not_quoted(raw: RawPeer) -> None:
    raw.plays(says("{}"))
    for token in ("secret-1\nX: y", "secret-2…"):
        with pytest.raises(http.Permanent, match="could not be made") as caught:
            http.Peer("Peer", raw.url, token, limits=LIMITS).call("POST", "/")
        assert "secret" not in str(caught.value)
    assert raw.requests == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_and_only_its_host_is_shown(
    raw: RawPeer, peer: http.Peer, status: int
) -> None:
    with rawpeer.serving() as stranger:
        stranger.plays(says("{}"))
        target = stranger.url.replace("127.0.0.1", "localhost") + "/?code=secret"
        raw.plays(says("moved", status, Location=target))
        for method in ("GET", "POST"):
            with pytest.raises(http.Permanent, match="a redirect to localhost, which") as caught:
                peer.call(method, "/")
            assert "secret" not in str(caught.value)
        assert stranger.requests == []
    assert len(raw.requests) == 2


def test_the_body_of_a_redirect_has_the_same_limits(raw: RawPeer, peer: http.Peer) -> None:
    raw.plays(says(b" " * 5000, 302, Location="/elsewhere"))
    with pytest.raises(http.Permanent, match="more than 1000 bytes"):
        peer.call("GET", "/")


def test_a_refusal_keeps_the_message_the_code_and_the_request_id(
    raw: RawPeer, peer: http.Peer
) -> None:
    body = '{"id": "delinquent", "message": "Pay first, token=abc123 please."}'
    raw.plays(says(body, 402, Request_Id="req-1"))
    with pytest.raises(http.Permanent) as caught:
        peer.call("GET", "/")
    error = caught.value
    assert (error.system, error.status, error.code) == ("Peer", 402, "delinquent")
    assert (error.request_id, error.message) == ("req-1", "Pay first, token=[hidden] please.")


def test_an_answer_nobody_reads_may_be_text_but_not_a_page(raw: RawPeer, peer: http.Peer) -> None:
    raw.plays(says("accepted", 202), says(PAGE, 200))
    assert peer.call("POST", "/", reads=False).status == 202
    with pytest.raises(http.Uncertain, match="an HTML page"):
        peer.call("POST", "/", reads=False)


def test_an_answer_of_another_shape_is_retryable_or_uncertain(
    raw: RawPeer, peer: http.Peer
) -> None:
    raw.plays(says("[1]"))
    with pytest.raises(http.Retryable, match="an answer without an object"):
        peer.call("GET", "/").document()
    raw.plays(says("{}"))
    with pytest.raises(http.Uncertain, match="an answer without name"):
        peer.call("POST", "/").document().string("name")


def test_an_answer_cut_in_its_head_is_no_document(raw: RawPeer, peer: http.Peer) -> None:
    raw.plays(drops_after(b"HTTP/1.1 201 Created\r\nContent-Le"))
    with pytest.raises(http.Uncertain, match="an answer without an object"):
        peer.call("POST", "/").document()


def test_each_call_is_one_log_line_without_query_or_token(
    raw: RawPeer, peer: http.Peer, caplog: pytest.LogCaptureFixture
) -> None:
    raw.plays(says("{}", 201, Request_Id="req-9"), drops)
    caplog.set_level(logging.INFO)
    token = http.current_tenant.set("00DB00000002NDmMAM")
    try:
        peer.call("POST", "/apps/x", params={"q": "private"}, document={"secret": "hidden"})
        with pytest.raises(http.Uncertain):
            peer.call("POST", "/apps/x")
    finally:
        http.current_tenant.reset(token)
    first, second = (
        record.getMessage() for record in caplog.records if record.name == "tenants.http"
    )
    assert re.fullmatch(
        r"Peer POST /apps/x -> 201 in \d+ ms "
        r"\(peer_request_id=req-9 tenant=00DB00000002NDmMAM\)",
        first,
    )
    assert "-> no answer in" in second
    assert not re.search("private|hidden|HRKU|Bearer", caplog.text)


def test_no_authorization_header_leaks_into_any_error(
    raw: RawPeer, peer: http.Peer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    echo = says("You sent Authorization: Bearer HRKU-secret-token", 403)
    for script in (echo, drops, is_silent, says("", 401), says("", 302, Location="http://x/")):
        raw.plays(script)
        with pytest.raises(http.RemoteError) as caught:
            peer.call("POST", "/")
        assert "secret-token" not in f"{caught.value} {caught.value!r} {peer!r}"
        logging.getLogger("tests").error("failed", exc_info=caught.value)
    assert "secret-token" not in caplog.text


def test_cookies_are_not_kept(raw: RawPeer, peer: http.Peer) -> None:
    raw.plays(says("{}", Set_Cookie="session=1; Path=/"))
    peer.call("GET", "/")
    peer.call("GET", "/")
    assert rawpeer.header(raw.requests[1], "Cookie") is None


def test_a_path_segment_cannot_reach_another_resource() -> None:
    assert http.segment("../a b/?c#d") == "..%2Fa%20b%2F%3Fc%23d"
    assert http.segment("hc-name_1") == "hc-name_1"
    assert http.segment("...") == "..."
    for text in ("", ".", ".."):
        with pytest.raises(ValueError, match="cannot be a part of a path"):
            http.segment(text)


def test_each_thread_and_each_fork_has_connections_of_its_own(peer: http.Peer) -> None:
    sessions = {id(peer.session)}
    assert id(peer.session) in sessions
    thread = threading.Thread(target=lambda: sessions.add(id(peer.session)))
    thread.start()
    thread.join()
    assert len(sessions) == 2


def test_a_fork_does_not_use_its_parents_connections(
    peer: http.Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = peer.session
    monkeypatch.setattr(os, "getpid", lambda: -1)
    assert peer.session is not before
