"""Callouts as a package sends them, from many clients at once."""

import hashlib
import hmac
import http.client
import itertools
import json
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tenants import orgid

TIMEOUT = 60.0  # seconds
_numbers = itertools.count()


@dataclass(frozen=True)
class Post:
    """One request to the portal."""

    path: str
    headers: dict[str, str]
    body: bytes


def callouts(secret: str, many: int, path: str = "/organizations") -> Iterator[Post]:
    """Make signed callouts of orgs that have never called."""
    for number in itertools.islice(_numbers, many):
        org_id = orgid.normalize(f"00D6b{number:010d}")
        data = {"org_id": org_id, "org_name": f"Org {number}", "admin_email": "it@x.example"}
        body, moment = json.dumps(data).encode(), str(int(time.time()))
        digest = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256)
        headers = {
            "Content-Type": "application/json",
            "X-Multiconnect-Timestamp": moment,
            "X-Multiconnect-Signature": f"v1={digest.hexdigest()}",
        }
        yield Post(path, headers, body)


def send(port: int, posts: Iterable[Post], clients: int) -> list[float]:
    """Send all from so many clients; return the seconds of each. Raises RuntimeError."""

    def one(post: Post) -> float:
        began = time.perf_counter()
        caller = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
        caller.request("POST", post.path, post.body, post.headers)
        status = caller.getresponse().status
        caller.close()
        if status not in (200, 202):
            raise RuntimeError(f"{post.path} answered {status}")
        return time.perf_counter() - began

    with ThreadPoolExecutor(clients) as pool:
        return list(pool.map(one, posts))
