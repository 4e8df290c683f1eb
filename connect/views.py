"""Views for the subscriber's browser before and after Heroku Connect."""

import logging

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from connect import connections, tasks
from connect import links as connect_links
from connect.clients import heroku_connect, http
from connect.models import Connection, Stage
from connect.provisioning import reconciler
from tenants import links, pages
from tenants.models import Tenant
from tenants.progress import Button, progress_of
from tenants.queue import enqueue
from tenants.views import CHECKING

log = logging.getLogger(__name__)


@require_safe
@never_cache
def authorize(request: HttpRequest, signed: str) -> HttpResponse:
    """Send the admin to a fresh authorize URL: those of Heroku Connect are short-lived.

    At any other stage redirect to the subscriber's page, which shows the progress.
    """
    tenant = links.tenant_for(connect_links.AUTHORIZE, signed)
    connection = connections.current(tenant)
    if connection is None or not _may_authorize(tenant):
        return HttpResponseRedirect(links.sign_in_url(tenant))
    try:
        return HttpResponseRedirect(_fresh_url(tenant, connection))
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


def _may_authorize(tenant: Tenant) -> bool:
    """Return whether the subscriber's page offers it now."""
    return progress_of(tenant).said.button == Button.AUTHORIZE


def _fresh_url(tenant: Tenant, connection: Connection) -> str:
    """Return where to authorize, on the org's My Domain if known: it may refuse other hosts."""
    return heroku_connect.authorize_url(
        connection.region_url,
        connection.connection_id,
        environment="custom" if tenant.login_domain else tenant.environment,
        domain=tenant.login_domain,
        next=connect_links.auth_complete_url(tenant),
    )


@require_safe
@never_cache
def authorization_complete(request: HttpRequest, signed: str) -> HttpResponse:
    """The return address for Heroku Connect. It proves nothing; it only starts a check at once."""
    tenant = links.tenant_for(connect_links.AUTH_COMPLETE, signed)
    connection = connections.current(tenant)
    if connection and _may_authorize(tenant):
        if connection.stage == Stage.LIVE:
            enqueue(tasks.refresh_connection, connection.pk)
        else:
            # The next look may be minutes away, and the subscriber is watching the page.
            enqueue(reconciler.advance, connection.pk, hurry=True)
    return HttpResponseRedirect(f"{links.sign_in_url(tenant)}?{CHECKING}")
