"""The portal's own address: whether it leads here, and whether the way is safe."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse

from connect.clients.http import Answer, Peer, RemoteError
from connect.formats import sentence
from portal.doctor.checks import check, is_here
from portal.doctor.findings import Finding, Problem, failed, ok, skipped
from portal.project import probes

_SET = "heroku config:set PORTAL_URL=https://<the web URL that heroku apps:info shows>"
_OPEN = "heroku config:unset MAINTENANCE"
_BEHIND_PROXY = "heroku config:set TRUSTED_PROXIES=1"
_USUAL = 405  # to the GET of an address that takes a POST


@check("address", "Public address", "E004")
def public_address() -> Finding:
    """Call this portal at PORTAL_URL, as a package or a browser would."""
    url = settings.PORTAL_URL
    peer = Peer("The portal", url)
    try:
        answer = peer.call("GET", "/healthz")
    except RemoteError as error:
        text = f"{url}/healthz does not lead here: {sentence(error.words)}"
        return failed(Problem(text, _SET))
    found = list(_of_healthz(answer)) or list(_of_callouts(peer))
    return failed(*found) if found else ok(f"{url}/healthz answers, and callouts are taken.")


def _of_healthz(answer: Answer) -> Iterator[Problem]:
    own, seen = probes.alive(), answer.body if isinstance(answer.body, dict) else {}
    if seen == own:
        return
    # Also one with another APP_NAME or SECRET_KEY, such as a portal to try things out.
    is_portal = seen.keys() == own.keys()
    who = "Another portal than this one" if is_portal else "Another program than the portal"
    yield Problem(f"{who} answers at {settings.PORTAL_URL}.", _SET)


def _of_callouts(peer: Peer) -> Iterator[Problem]:
    """Look at the address of callouts: /healthz answers where nothing else does."""
    if settings.MAINTENANCE:
        yield Problem("MAINTENANCE is set, so every page answers 503 with its text.", _OPEN)
        return
    path = reverse("organizations")
    try:
        peer.call("GET", path)
    except RemoteError as error:
        if error.status == _USUAL:
            return
        if error.status == 403 and not settings.TRUSTED_PROXIES:
            text = "With TRUSTED_PROXIES=0 no call by https is seen as one: each is refused."
            yield Problem(text, _BEHIND_PROXY)
            return
        yield Problem(f"{peer.base_url}{path} takes no callouts: {sentence(error.words)}")


@check("transport", "Hosts, https and security headers", "E017", "W004", "W072", "security.")
def transport() -> Finding:
    """Say how the portal is reached; what is wrong with it, the system checks say."""
    if is_here():
        return skipped("PORTAL_URL is on this machine: this is a trial, and no deployment.")
    hosts = ", ".join(settings.ALLOWED_HOSTS)
    scheme = urlsplit(settings.PORTAL_URL).scheme
    return ok(f"Hosts: {hosts}; {scheme}; HSTS {settings.SECURE_HSTS_SECONDS:,} s.")
