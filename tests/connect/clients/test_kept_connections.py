"""Calls share a connection, because a new one costs a real peer's TLS handshake each time."""

import gzip
from typing import Any

import pytest

from connect.clients import http
from tests.connect.clients import rawpeer
from tests.connect.clients.rawpeer import RawPeer, drops, drops_after, head, in_turn, says

OPEN: dict[str, Any] = {"Connection": "keep-alive"}
SECOND = says('"second"', **OPEN)
CHUNKED = head(Transfer_Encoding="chunked", **OPEN) + b'7\r\n"first"\r\n0\r\n\r\n'
WHOLE = [
    pytest.param(says('"first"', **OPEN), id="a length"),
    pytest.param(drops_after(CHUNKED), id="chunks"),
    pytest.param(
        says(gzip.compress(b'"first"'), Content_Encoding="gzip", **OPEN), id="compression"
    ),
    pytest.param(says("", **OPEN), id="an empty body"),
    pytest.param(drops_after(head(204, **OPEN)), id="no body"),
]


@pytest.mark.parametrize("first", WHOLE)
def test_a_call_uses_the_connection_of_the_call_before(
    raw: RawPeer, peer: http.Peer, first: rawpeer.Script
) -> None:
    raw.plays(in_turn(first, SECOND), says('"a connection of its own"'))
    peer.call("POST", "/", reads=False)
    assert peer.call("POST", "/").body == "second"


def test_a_call_uses_the_connection_of_a_refused_one(raw: RawPeer, peer: http.Peer) -> None:
    refusal = says('{"message": "No such app."}', 404, **OPEN)
    raw.plays(in_turn(refusal, SECOND), says('"a connection of its own"'))
    with pytest.raises(http.NotFound):
        peer.call("GET", "/")
    assert peer.call("POST", "/").body == "second"


def test_a_connection_that_the_peer_has_ended_costs_no_call(raw: RawPeer, peer: http.Peer) -> None:
    raw.plays(says('"first"', **OPEN), says('"second"'))
    peer.call("POST", "/")
    assert raw.ended.wait(5)
    assert peer.call("POST", "/").body == "second"


def test_a_post_that_meets_the_end_of_its_connection_is_uncertain(
    raw: RawPeer, peer: http.Peer
) -> None:
    raw.plays(in_turn(says('"first"', **OPEN), drops), says('"sent a second time"'))
    peer.call("POST", "/")
    with pytest.raises(http.Uncertain, match="the connection broke"):
        peer.call("POST", "/")


def test_a_get_that_meets_the_end_of_its_connection_is_repeated(
    raw: RawPeer, peer: http.Peer
) -> None:
    raw.plays(in_turn(says('"first"', **OPEN), drops), says('"sent a second time"'))
    peer.call("GET", "/")
    assert peer.call("GET", "/").body == "sent a second time"


def test_an_answer_that_was_not_read_to_its_end_is_not_taken_for_the_next_one(
    raw: RawPeer, peer: http.Peer
) -> None:
    too_long = drops_after(head(Content_Length=9999, **OPEN) + b" " * 2000)
    raw.plays(in_turn(too_long, SECOND), says('"its own"'))
    with pytest.raises(http.Permanent, match="a body of more than 1000 bytes"):
        peer.call("GET", "/")
    assert peer.call("GET", "/").body == "its own"
