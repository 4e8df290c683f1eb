"""What a call does when the peer is silent, slow, too large or broken: repeat, wait, or give up."""

import gzip
import re
import socket
import time
from datetime import timedelta

import pytest

from connect.clients import http
from tests.connect.clients import rawpeer
from tests.connect.clients.conftest import LIMITS
from tests.connect.clients.rawpeer import (
    RawPeer,
    drips,
    drips_after,
    drops,
    drops_after,
    head,
    is_silent,
    says,
)

# Seconds that a busy machine may add. The peers here take far longer.
SLACK = 6
PAGE = "<!DOCTYPE html><title>Maintenance</title>"
BROKEN = [
    pytest.param(is_silent, "no answer in time", id="silence"),
    pytest.param(drops, "the connection broke", id="dropped before the answer"),
    pytest.param(drops_after(b"HTTP/1.1"), "the connection broke", id="dropped in the status"),
    pytest.param(
        drops_after(head(Content_Length=99) + b'{"a"'), "the connection broke", id="truncated body"
    ),
    pytest.param(
        drops_after(head(Transfer_Encoding="chunked") + b"5\r\n{}"),
        "the connection broke",
        id="truncated chunk",
    ),
    pytest.param(
        says(b"no gzip", Content_Encoding="gzip"), "the connection broke", id="broken compression"
    ),
    pytest.param(says("{", 200), "broken JSON instead of JSON", id="truncated JSON"),
    pytest.param(says("OK", 200), "broken JSON instead of JSON", id="text"),
    pytest.param(says(b"\xff\xfe{", 200), "broken JSON", id="no UTF-8"),
    pytest.param(says("[" * 450 + "]" * 450, 200), "JSON of more than 50 levels", id="deep JSON"),
    pytest.param(
        says(PAGE, 200, Content_Type="text/html"), "an HTML page instead of JSON", id="HTML"
    ),
    pytest.param(says(PAGE, 200), "an HTML page instead of JSON", id="HTML, called JSON"),
    pytest.param(says('{"message": "Oops"}', 500), "Oops", id="500"),
    pytest.param(says(PAGE, 502, Content_Type="text/html"), "an HTML page", id="502 with HTML"),
    pytest.param(says("", 503), "Service Unavailable", id="503 without a body"),
    pytest.param(says("upstream is gone", 504), "upstream is gone", id="504 with text"),
]


@pytest.mark.parametrize(("script", "words"), BROKEN)
def test_a_get_is_repeated_after_a_passing_fault(
    raw: RawPeer, peer: http.Peer, script: rawpeer.Script, words: str
) -> None:
    raw.plays(script, says('{"a": 1}'))
    assert peer.call("GET", "/").body == {"a": 1}
    assert len(raw.requests) == 2


@pytest.mark.parametrize(("script", "words"), BROKEN)
def test_a_post_is_sent_once_and_a_lost_answer_is_uncertain(
    raw: RawPeer, peer: http.Peer, script: rawpeer.Script, words: str
) -> None:
    raw.plays(script)
    with pytest.raises(http.Uncertain, match=re.escape(words)):
        peer.call("POST", "/", document={})
    assert len(raw.requests) == 1


def test_a_get_is_tried_three_times_at_most_and_never_uncertain(
    raw: RawPeer, peer: http.Peer
) -> None:
    raw.plays(says("", 503))
    with pytest.raises(http.Retryable) as caught:
        peer.call("GET", "/")
    assert type(caught.value) is http.Retryable
    assert caught.value.after is None
    assert len(raw.requests) == 3


@pytest.mark.parametrize("method", ["PATCH", "PUT", "DELETE", "POST"])
def test_only_get_and_head_are_repeated(raw: RawPeer, peer: http.Peer, method: str) -> None:
    raw.plays(says("", 503))
    with pytest.raises(http.Uncertain):
        peer.call(method, "/")
    assert len(raw.requests) == 1


def test_nobody_listening_is_retryable_for_a_post_too() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    peer = http.Peer("Peer", f"http://127.0.0.1:{port}", limits=LIMITS)
    with pytest.raises(http.Retryable, match="no connection") as caught:
        peer.call("POST", "/")
    assert not isinstance(caught.value, http.Uncertain)
    assert caught.value.status is None


def test_a_slow_body_ends_at_the_deadline(raw: RawPeer, peer: http.Peer) -> None:
    raw.plays(drips(b"[" + b" " * 200 + b"]", every=0.05))
    began = time.monotonic()
    with pytest.raises(http.Retryable, match=r"no complete answer within 0\.6 seconds"):
        peer.call("GET", "/")
    assert time.monotonic() - began < LIMITS.total + LIMITS.read + SLACK
    assert len(raw.requests) == 1


@pytest.mark.parametrize(
    "script",
    [
        drips_after(b"HTTP/1.1 200 OK\r\nX-Padding: ", b"x" * 200, every=0.05),
        drips_after(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 20, every=0.005),
        drips_after(head(Transfer_Encoding="chunked"), b"0" * 200, every=0.05),
    ],
    ids=["slow headers", "one 100 Continue after another", "slow size of a chunk"],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_slow_answer_lasts_longer_than_the_deadline(
    raw: RawPeer, peer: http.Peer, script: rawpeer.Script, method: str
) -> None:
    raw.plays(script)
    began = time.monotonic()
    with pytest.raises(http.Retryable, match=r"no complete answer within 0\.6 seconds"):
        peer.call(method, "/")
    assert time.monotonic() - began < LIMITS.total + SLACK
    assert len(raw.requests) == 1


def test_retries_end_at_the_deadline(raw: RawPeer, peer: http.Peer) -> None:
    raw.plays(is_silent)
    began = time.monotonic()
    with pytest.raises(http.Retryable):
        peer.call("GET", "/")
    assert time.monotonic() - began < LIMITS.total + SLACK


@pytest.mark.parametrize(
    "script",
    [
        says("[" + "1," * 1000 + "1]"),
        says(gzip.compress(b" " * 100_000), Content_Encoding="gzip"),
    ],
)
def test_a_body_beyond_the_limit_is_refused(
    raw: RawPeer, peer: http.Peer, script: rawpeer.Script
) -> None:
    raw.plays(script)
    with pytest.raises(http.Permanent, match="more than 1000 bytes"):
        peer.call("GET", "/")
    with pytest.raises(http.Uncertain, match="more than 1000 bytes"):
        peer.call("POST", "/")
    assert len(raw.requests) == 2


def test_a_short_retry_after_is_waited_for_and_a_long_one_handed_back(
    raw: RawPeer, peer: http.Peer
) -> None:
    raw.plays(says("", 429, Retry_After=0), says("{}"))
    assert peer.call("GET", "/").body == {}
    raw.plays(says("", 429, Retry_After=90))
    with pytest.raises(http.Retryable) as caught:
        peer.call("GET", "/")
    assert caught.value.after == timedelta(seconds=90)
    assert len(raw.requests) == 3


@pytest.mark.parametrize(
    ("headers", "after"),
    [({}, 30), ({"Retry_After": "soon"}, 30), ({"Retry_After": "7"}, 7)],
)
def test_too_many_requests_always_says_when_to_come_back(
    raw: RawPeer, peer: http.Peer, headers: dict[str, str], after: int
) -> None:
    raw.plays(says('{"id": "rate_limit", "message": "Slow down."}', 429, **headers))
    with pytest.raises(http.Retryable, match="Slow down") as caught:
        peer.call("POST", "/")
    assert caught.value.after == timedelta(seconds=after)
    assert not isinstance(caught.value, http.Uncertain)
    assert len(raw.requests) == 1
