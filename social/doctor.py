"""What “Setting up” checks of this use case: X takes the token."""

from django.conf import settings

from connect.clients.http import RemoteError
from connect.formats import sentence
from portal.doctor.checks import check
from portal.doctor.findings import Finding, Problem, failed, ok, skipped
from social import x

PORTAL = "https://developer.x.com/en/portal/dashboard"
SET = "heroku config:set X_BEARER_TOKEN=<the app-only Bearer token of your X app>"


@check("x", "X", "E060", "E061")
def x_answers() -> Finding:
    """Ask X for this month's usage, which costs nothing."""
    if not settings.X_BEARER_TOKEN:
        return skipped("X_BEARER_TOKEN is not set: no posts are collected.")
    try:
        used = x.usage()
    except RemoteError as error:
        return failed(Problem(sentence(error.words), SET, PORTAL, "X: your app, Keys and tokens"))
    if used is None:
        return ok("X takes the token. It does not tell this account what it has used.")
    cap = f" of {used.cap:,}" if used.cap else ""
    return ok(f"X takes the token: {used.posts:,}{cap} posts are used this month.")
