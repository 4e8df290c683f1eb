"""A small OpenID Connect provider over HTTP, which checks what a real one checks."""

import base64
import hashlib
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, SECRET = "portal", "secret-of-the-portal"
KEY, STRANGERS_KEY = (rsa.generate_private_key(65537, 2048) for _ in range(2))
Fields = dict[str, str]


@dataclass
class Provider:
    """Who signs in at it, and how its answers differ from right ones."""

    url: str = ""
    person: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)  # of the ID token, in place of right ones
    discovery: dict[str, Any] = field(default_factory=dict)  # the same for this document
    key: Any = KEY
    status: int = 200  # of every answer
    asked: list[Fields] = field(default_factory=list)  # what came to the authorization endpoint
    codes: dict[str, Fields] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        paths = {"authorization": "authorize", "token": "token", "userinfo": "userinfo"}
        endpoints = {f"{name}_endpoint": f"{self.url}/{path}" for name, path in paths.items()}
        keys = {"jwks_uri": f"{self.url}/keys"}
        return {"issuer": self.url, **endpoints, **keys, **self.discovery}

    def keys(self) -> dict[str, Any]:
        public = jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key(), as_dict=True)
        return {"keys": [{**public, "kid": "1", "alg": "RS256", "use": "sig"}]}

    def authorize(self, asked: Fields) -> str:
        """Return where the browser goes next. The person has signed in."""
        assert asked["client_id"] == CLIENT
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        self.asked.append(asked)
        code = f"code-{len(self.asked)}"
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def token(self, sent: Fields) -> dict[str, Any]:
        """Give tokens for a code, once, to who proves to have asked for it."""
        asked = self.codes.pop(sent["code"])
        hashed = hashlib.sha256(sent["code_verifier"].encode()).digest()
        assert base64.urlsafe_b64encode(hashed).rstrip(b"=").decode() == asked["code_challenge"]
        assert sent["redirect_uri"] == asked["redirect_uri"]
        assert (sent["client_id"], sent["client_secret"]) == (CLIENT, SECRET)
        now = int(time.time())
        times = {"iat": now, "exp": now + 300, "auth_time": now}
        right = {"iss": self.url, "aud": CLIENT, **times, **self.person}
        token = jwt.encode({**right, **self.claims}, self.key, "RS256", headers={"kid": "1"})
        return {"access_token": "access", "token_type": "Bearer", "id_token": token}


@contextmanager
def serve() -> Iterator[Provider]:
    """Serve a provider on a port of this machine until the block ends."""
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            if url.path == "/authorize":
                self.answer({}, 302, provider.authorize(_fields(url.query)))
            else:
                pages = {"/.well-known/openid-configuration": provider.document}
                pages |= {"/keys": provider.keys, "/userinfo": lambda: provider.person}
                self.answer(pages[url.path]())

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self.answer(provider.token(_fields(body)))

        def answer(self, document: Any, status: int = 0, location: str = "") -> None:
            body = json.dumps(document).encode()
            self.send_response(status or provider.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            if location:
                self.send_header("Location", location)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            """Keep the output of the tests clean."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        provider.url = f"http://127.0.0.1:{server.server_address[1]}"
        Thread(target=server.serve_forever, daemon=True).start()
        yield provider
        server.shutdown()


def _fields(query: str) -> Fields:
    return {name: values[0] for name, values in parse_qs(query).items()}
