"""Heroku: whose token it is, the host apps, Heroku Connect, the ISV programme."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from connect.clients import budget, heroku_account, heroku_connect
from connect.clients.accounts import OWN, app_of_host
from connect.clients.http import NotFound, RemoteError, Unauthorized
from connect.formats import counted, sentence
from connect.host_apps import check as host_check
from connect.models import BlockedKind, Connection, HostApp, Stage
from connect.placement import rooms
from portal import heroku_pages
from portal.doctor.checks import check
from portal.doctor.findings import Finding, Problem, failed, ok, problem, skipped
from portal.heroku_pages import Site

REPLACE = (  # the token
    "heroku config:set HEROKU_API_TOKEN="
    "$(heroku authorizations:create -s global -d multiconnect --short)"
)
BILLING = "account/billing"
TEAM = "heroku apps:transfer <team> --app {}"


@check("heroku_token", "Heroku token", "E006", "E011")
def heroku_token() -> Finding:
    """Ask Heroku whose the token is, what it may do, and how many calls are left."""
    try:
        account = heroku_account.show(OWN)
    except Unauthorized as error:
        return failed(Problem(sentence(error.words), REPLACE))
    found = [*_of_account(account), *_of_scopes(account)]
    if found:
        return failed(*found)
    left = budget.left(timezone.now())
    scopes = ", ".join(account.scopes) or "not shown by Heroku"
    calls = f"{left:,} of {budget.BUDGET:,} calls are left" if left is not None else "no call yet"
    return ok(f"{account.email}; scopes: {scopes}; {calls}.")


def _of_account(account: heroku_account.Seen) -> Iterator[Problem]:
    for is_so, what in ((account.suspended, "suspended"), (account.delinquent, "in arrears")):
        if is_so:
            text = f"The account {account.email} is {what}: Heroku refuses to make add-ons."
            url = heroku_pages.address(Site.DASHBOARD, BILLING)
            yield Problem(text, url=url, place="Heroku: Account, Billing")


def _of_scopes(account: heroku_account.Seen) -> Iterator[Problem]:
    if account.scopes and not heroku_account.ENOUGH & set(account.scopes):
        given = ", ".join(account.scopes)
        yield Problem(f"The token's scope is {given}: it cannot make add-ons.", REPLACE)


@check("host_apps", "Host apps", "E005", "E016", "W076")
def host_apps() -> Finding:
    """Check each host app at Heroku as its button does, and its room."""
    hosts = list(rooms.annotated())
    if not hosts:
        return failed(Problem("There is no host app.", "python manage.py setup_portal"))
    found = [each for host in hosts for each in _of_host(host)]
    free = sum(rooms.of(host).free for host in hosts)
    names = ", ".join(host.name for host in hosts)
    return failed(*found) if found else ok(f"{names}: {counted(free, 'free place')}.")


def _of_host(host: HostApp) -> Iterator[Problem]:
    page = reverse("admin:connect_hostapp_change", args=[host.pk])
    for text in host_check.check(host):
        yield problem(text, url=page, place=f"Host apps, {host.name}")
    if host.accepts and not rooms.of(host).free:
        yield Problem(
            f"{host.name} has no room for another tenant: add a host app.",
            url=reverse("admin:connect_hostapp_add"),
            place="Host apps, Add",
        )


@check("heroku_connect", "Heroku Connect", "E015", "E019", "W073")
def heroku_connect_answers() -> Finding:
    """Ask Heroku Connect for the connections of each host app: in which regions are they?"""
    found: list[Problem] = []
    seen: list[heroku_connect.ConnectionSummary] = []
    for host in HostApp.objects.order_by("name"):
        try:
            seen += heroku_connect.link(app_of_host(host))
        except NotFound:
            found.append(Problem(f"Heroku Connect does not know the app {host.name}."))
        except RemoteError as error:
            url = heroku_pages.address(Site.STATUS)
            found.append(problem(error.words, url=url, place="Heroku's status"))
    regions = sorted({urlsplit(each.region_url).hostname or "" for each in seen})
    where = f" in {', '.join(regions)}" if regions else ", so no region yet"
    answered = f"It answers: {counted(len(seen), 'connection')}{where}."
    return failed(*found) if found else ok(answered)


@check("isv", "ISV programme")
def isv_programme() -> Finding:
    """Check the setting and the team: more cannot be known before an add-on is enrolled."""
    slug = settings.HEROKU_CONNECT_ISV_SLUG
    if not slug:
        return skipped("HEROKU_CONNECT_ISV_SLUG is not set: subscribers see Heroku's own pages.")
    found = list(_of_isv())
    if found:
        return failed(*found)
    asked = Connection.objects.filter(enroll_requested_at__isnull=False, offboarded_at=None)
    # Its add-on is enrolled before the stage ends.
    enrolled = asked.exclude(stage=Stage.CREATING_ADDON).count()
    if not enrolled:
        return skipped(f"Only the first add-on shows whether Heroku knows {slug}.")
    return ok(f"{slug}: {counted(enrolled, 'add-on')} enrolled.")


def _of_isv() -> Iterator[Problem]:
    for host in HostApp.objects.filter(team="", accepts=True).order_by("name"):
        text = f"{host.name} belongs to no Heroku Team, which the ISV programme needs."
        yield Problem(text, TEAM.format(host.name))
    refused = Connection.objects.filter(blocked_kind=BlockedKind.ISV_REFUSED, offboarded_at=None)
    for connection in refused.order_by("pk")[:1]:
        text = f"Heroku refused the last add-on: {connection.blocked_reason}"
        yield Problem(sentence(text), url=heroku_pages.ticket(), place="A ticket")
