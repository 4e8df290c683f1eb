"""Whether all of a request has arrived, as a table."""

import pytest

from portal.project import arrival
from portal.project.arrival import Arrival

HEAD = b"POST /organizations HTTP/1.1\r\nHost: testserver\r\n"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", Arrival.PARTIAL),
        (b"GET / HTTP/1.1\r\nHost: x\r\n", Arrival.PARTIAL),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", Arrival.COMPLETE),
        (b"x" * (arrival.MAX_HEAD + 1), Arrival.COMPLETE),
        (HEAD + b"CONTENT-LENGTH:2\r\n\r\n{", Arrival.PARTIAL),
        (HEAD + b"Content-Length: 2\r\n\r\n{}", Arrival.COMPLETE),
        (HEAD + b"Content-Length: two\r\n\r\n", Arrival.COMPLETE),
        (HEAD + b"Content-Length: 4000000\r\n\r\n", Arrival.TOO_LARGE),
        (HEAD + b"Content-Length: 2\r\nExpect: 100-continue\r\n\r\n", Arrival.ASKS_TO_GO_ON),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", Arrival.PARTIAL),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\n0\r\n", Arrival.PARTIAL),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", Arrival.COMPLETE),
    ],
)
def test_a_request_is_judged_by_what_has_arrived(data: bytes, expected: Arrival) -> None:
    assert arrival.judge(bytearray(data)) == expected
