"""Responses for the subscriber's browser."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from tenants import hosts, links
from tenants.links import BadLink
from tenants.progress import LINK_ENDED, ForSubscriber


class BadLinkMiddleware:
    """Answer BadLink from any view with the same page, so the reason is not shown."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """The reason is not shown: it would only help an attacker."""
        if not isinstance(error, BadLink):
            return None
        if request.resolver_match and request.resolver_match.url_name == "not-me":
            return message_page(request, 404, LINK_ENDED.headline, LINK_ENDED.text)
        return fresh_link_page(request, LINK_ENDED, 404, error.tenant_id)


def message_page(
    request: HttpRequest,
    status: int,
    title: str,
    text: str,
    *,
    link: str = "",
    other_user: bool = False,
    again: bool = False,
) -> HttpResponse:
    """Show one message. `link` is a sign-in link's signed part, which offers the way back.

    `other_user` and `again` offer another try, also without a link.
    """
    page = {"title": title, "text": text, "link": link, "other_user": other_user, "again": again}
    return private(render(request, "tenants/message.html", page, status=status))


def fresh_link_page(
    request: HttpRequest, said: ForSubscriber, status: int = 200, tenant_id: int | None = None
) -> HttpResponse:
    """Offer to mail a fresh link: to the contact of a known tenant, else to a typed address."""
    ended = links.sign(links.ASK_FOR_FRESH, [tenant_id]) if tenant_id else ""
    page = {"said": said, "ended": ended}
    return private(render(request, "tenants/fresh_link.html", page, status=status))


def asks_for_heroku_log_in() -> bool:
    """Return whether Heroku asks a subscriber for a Heroku log-in before Salesforce's.

    The ISV programme puts the ISV's own page in its place.
    """
    return not settings.HEROKU_CONNECT_ISV_SLUG


def too_many(request: HttpRequest, wait: int) -> HttpResponse:
    """Refuse a visitor who comes too often. `wait` is in seconds."""
    response = message_page(
        request,
        429,
        "Too many requests",
        f"Please wait {max(1, round(wait / 60))} min, then try again. Nothing is lost.",
    )
    response["Retry-After"] = str(wait)
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Replace Django's page for a form without its CSRF token."""
    return message_page(
        request,
        403,
        "This form could not be sent",
        "The page was open for too long, or the browser blocks cookies for this site. Allow "
        "cookies, and open the link in our e-mail again.",
        again=True,
    )


def private(response: HttpResponse) -> HttpResponse:
    """Keep a page with a subscriber's data out of caches and search engines.

    Its forms lead to Salesforce, so its policy names the hosts of the redirects.
    """
    # The attribute that csp.decorators.csp_update sets, whose argument is fixed at import.
    response._csp_update = {"form-action": hosts.redirect_targets()}  # type: ignore[attr-defined]
    response["Cache-Control"] = "no-store"
    response["X-Robots-Tag"] = "noindex"
    return response
