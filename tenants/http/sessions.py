"""The requests library, restricted to what the portal wants from it."""

from http.cookiejar import DefaultCookiePolicy

import requests
from requests.auth import AuthBase

from tenants.http.deadline import DeadlineAdapter
from tenants.http.public import PublicAdapter


class Bearer(AuthBase):
    """Sends the token, if there is one."""

    # Needed even without a token: otherwise requests reads one from ~/.netrc.
    def __init__(self, token: str) -> None:
        self.token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self.token:
            request.headers["Authorization"] = f"Bearer {self.token}"
        return request


class Session(requests.Session):
    """A session that keeps deadlines, keeps no cookies and ignores redirects."""

    def __init__(self, *, public_only: bool = False) -> None:
        super().__init__()
        self.headers["User-Agent"] = "Multiconnect"
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
        # A proxy of the environment would resolve the name again, and could reach what is private.
        self.trust_env = not public_only
        for scheme in ("https://", "http://"):
            self.mount(scheme, PublicAdapter() if public_only else DeadlineAdapter())

    # Otherwise requests reads the whole body of a redirect before it returns.
    def get_redirect_target(self, _resp: requests.Response) -> None:
        return None
