"""The portal's own address: whether it leads here, and whether the way is safe."""

from urllib.parse import urlsplit

from django.conf import settings

from connect.clients.http import Peer, RemoteError
from connect.formats import sentence
from portal.doctor.checks import check, is_here
from portal.doctor.findings import Finding, Problem, failed, ok, skipped

_SET = "heroku config:set PORTAL_URL=https://<the web URL that heroku apps:info shows>"


@check("address", "Public address", "E004")
def public_address() -> Finding:
    """Call this portal's own /healthz at PORTAL_URL, as a package or a browser would."""
    url = settings.PORTAL_URL
    try:
        answer = Peer("The portal", url).call("GET", "/healthz")
    except RemoteError as error:
        text = f"{url}/healthz does not lead here: {sentence(error.words)}"
        return failed(Problem(text, _SET))
    if answer.body != {"status": "ok"}:
        return failed(Problem(f"Another program than the portal answers at {url}.", _SET))
    return ok(f"{url}/healthz answers.")


@check("transport", "Hosts, https and security headers", "E017", "W004", "W072", "security.")
def transport() -> Finding:
    """Say how the portal is reached; what is wrong with it, the system checks say."""
    if is_here():
        return skipped("PORTAL_URL is on this machine: this is a trial, and no deployment.")
    hosts = ", ".join(settings.ALLOWED_HOSTS)
    scheme = urlsplit(settings.PORTAL_URL).scheme
    return ok(f"Hosts: {hosts}; {scheme}; HSTS {settings.SECURE_HSTS_SECONDS:,} s.")
