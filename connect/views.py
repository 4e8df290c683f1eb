"""Views for the subscriber's browser before and after Heroku Connect."""

import logging

from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from connect import connections, returns, tasks
from connect import links as connect_links
from connect.clients import heroku_connect, http
from connect.clients.accounts import remote_of
from connect.models import Connection, Stage
from connect.provisioning import reconciler
from tenants import limits, links, pages, visitors
from tenants.limits import Bucket
from tenants.models import Environment, Tenant
from tenants.progress import Button, progress_of
from tenants.queue import enqueue
from tenants.salesforce_sign_in import After
from tenants.view_limits import limited
from tenants.views import AGAIN, CHECKING

log = logging.getLogger(__name__)

AUTHORIZE_PER_HOUR = 120  # from one network
URLS_PER_HOUR = 60  # for one tenant: each costs a call to Heroku Connect


@require_safe
@never_cache
@limited("connect", AUTHORIZE_PER_HOUR)
def authorize(request: HttpRequest, signed: str) -> HttpResponse:
    """Send the admin to a fresh authorize URL: those of Heroku Connect are short-lived.

    At any other stage redirect to the subscriber's page, which shows the progress.
    """
    tenant = links.tenant_for(connect_links.AUTHORIZE, signed)
    connection = connections.current(tenant)
    if connection is None or not _may_authorize(request, tenant):
        return HttpResponseRedirect(links.sign_in_url(tenant, like=signed))
    # Anybody with the link could authorize a wrong org, and a connection never changes its org.
    if not visitors.has_signed_in(request, tenant):
        link = links.signed_part(links.SIGN_IN, tenant, like=signed)
        page = {
            "link": link,
            "after": After.AUTHORIZE_AGAIN if AGAIN in request.GET else After.AUTHORIZE,
            "heroku_log_in": pages.asks_for_heroku_log_in(),
        }
        return pages.private(render(request, "tenants/sign_in_first.html", page))
    if wait := limits.seconds_to_wait([Bucket(f"connect:{tenant.pk}", URLS_PER_HOUR)]):
        return pages.too_many(request, wait)
    try:
        query = f"?{AGAIN}" if AGAIN in request.GET else ""
        return HttpResponseRedirect(_fresh_url(tenant, connection, signed, query))
    except http.RemoteError as error:
        log.warning("no authorize url connection=%s error=%s", connection.pk, error)
        response = pages.message_page(
            request,
            503,
            "Heroku Connect does not answer",
            "Nothing is lost. Wait a minute, then open the link in our e-mail again.",
        )
        response["Retry-After"] = "60"
        return response


def _may_authorize(request: HttpRequest, tenant: Tenant) -> bool:
    """Return whether the page offers it now; to a live tenant's admin only who asked for it.

    The package's page goes on showing the link, and must not lead a live tenant to Heroku Connect.
    """
    progress = progress_of(tenant)
    asked = AGAIN in request.GET and progress.is_live
    return asked or progress.said.button == Button.AUTHORIZE


def _fresh_url(tenant: Tenant, connection: Connection, signed: str, query: str) -> str:
    """Return where to authorize, on the org's My Domain if known: it may refuse other hosts."""
    return heroku_connect.authorize_url(
        remote_of(connection),
        environment="custom" if tenant.trusted_domain else _common_host(tenant),
        domain=tenant.trusted_domain,
        next=connect_links.auth_complete_url(tenant, like=signed) + query,
    )


def _common_host(tenant: Tenant) -> Environment:
    return Environment.SANDBOX if tenant.is_sandbox else Environment.PRODUCTION


@require_safe
@never_cache
@limited("connect", AUTHORIZE_PER_HOUR)
def authorization_complete(request: HttpRequest, signed: str) -> HttpResponse:
    """The return address for Heroku Connect. It proves nothing; it only starts a check at once,
    and the timeline tells that somebody came back.
    """
    tenant = links.tenant_for(connect_links.AUTH_COMPLETE, signed)
    connection = connections.current(tenant)
    if connection and _may_authorize(request, tenant):
        returns.note(tenant)
        if connection.stage == Stage.LIVE:
            enqueue(tasks.refresh_connection, connection.pk)
        else:
            # The next look may be minutes away, and the subscriber is watching the page.
            reconciler.hurry(connection.pk, ~Q(stage=Stage.LIVE))
    return HttpResponseRedirect(f"{links.sign_in_url(tenant, like=signed)}?{CHECKING}")
