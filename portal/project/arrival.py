"""Whether all of an HTTP request has arrived; gunicorn parses and checks it afterwards."""

import re
from enum import Enum, auto

# Bytes of a head; gunicorn refuses far smaller ones, with a better answer.
MAX_HEAD = 128 * 1024
# Bytes of a request: more than Django takes in memory, and than any page of ours sends.
MAX_REQUEST = 3 * 1024 * 1024
END_OF_HEAD = b"\r\n\r\n"
END_OF_CHUNKS = b"0\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,18})[ \t]*\r\n", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:", re.IGNORECASE)
_EXPECTS = re.compile(rb"\r\nexpect:[ \t]*100-continue", re.IGNORECASE)


class Arrival(Enum):
    """What is there of a request."""

    PARTIAL = auto()
    ASKS_TO_GO_ON = auto()  # the head is there, and the client waits for "100 Continue"
    COMPLETE = auto()
    TOO_LARGE = auto()


def judge(data: bytearray) -> Arrival:
    """Judge the bytes that have arrived so far.

    What is broken counts as complete: gunicorn reads these bytes only, and refuses them.
    """
    end = data.find(END_OF_HEAD)
    if end < 0:
        return Arrival.COMPLETE if len(data) > MAX_HEAD else Arrival.PARTIAL
    head = bytes(data[: end + len(END_OF_HEAD)])
    missing = _missing(head, data)
    if missing > 0 and len(data) + missing > MAX_REQUEST:
        return Arrival.TOO_LARGE
    if missing <= 0:
        return Arrival.COMPLETE
    return Arrival.ASKS_TO_GO_ON if _EXPECTS.search(head) else Arrival.PARTIAL


def _missing(head: bytes, data: bytearray) -> int:
    """Return how many bytes are missing at least; 0 or less if none."""
    if _CHUNKED.search(head):
        return 0 if data.endswith(END_OF_CHUNKS) and len(data) > len(head) else 1
    length = _LENGTH.search(head)
    return len(head) + int(length[1]) - len(data) if length else 0
