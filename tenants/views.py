"""What the package's callout and the subscriber's browser talk to."""

from django.conf import settings
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    JsonResponse,
    UnreadablePostError,
)
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST, require_safe

from tenants import addresses, limits, links, pages, registration, sign_in, signing
from tenants.addresses import Address
from tenants.progress import Turn, progress_of
from tenants.registration import MOST_BYTES, Inbound, Verdict

REFRESH_SECONDS = 5
CHECKING = "checking"  # in the query of one who comes back from Heroku Connect


# --- the package ---------------------------------------------------------------------------------
@csrf_exempt
def organizations(request: HttpRequest) -> HttpResponse:
    """Take a registration callout. Every answer is JSON: {"status": …, "message": …}."""
    if request.method != "POST":
        answer = _answer(Verdict(405, "Send a POST: this address takes registrations."))
        answer["Allow"] = "POST"
        return answer
    try:
        body = request.read(MOST_BYTES + 1)
    except UnreadablePostError:
        return _answer(Verdict(400, "The body broke off before its end."))
    inbound = Inbound(
        body=body[:MOST_BYTES],
        truncated=len(body) > MOST_BYTES,
        content_type=request.headers.get("Content-Type", ""),
        timestamp=request.headers.get(signing.TIMESTAMP_HEADER, ""),
        signature=request.headers.get(signing.SIGNATURE_HEADER, ""),
        remote_address=limits.remote_address(request.META),
    )
    return _answer(registration.receive(inbound))


def _answer(verdict: Verdict) -> HttpResponse:
    document: dict[str, object] = {"status": verdict.status, "message": verdict.message}
    if verdict.errors:
        document["errors"] = verdict.errors
    response = JsonResponse(
        document, status=verdict.status, json_dumps_params={"ensure_ascii": False}
    )
    if verdict.retry_after:
        response["Retry-After"] = str(verdict.retry_after)
    if verdict.status == 401:
        response["WWW-Authenticate"] = f'{signing.SIGNATURE_HEADER} realm="registrations"'
    return response


# --- the subscriber's browser --------------------------------------------------------------------
@require_safe
def authenticate(request: HttpRequest, signed: str) -> HttpResponse:
    """Show a subscriber where the set-up stands and the one thing to do next."""
    tenant = links.tenant_for(links.SIGN_IN, signed)
    progress = progress_of(tenant)
    checking = progress.turn == Turn.AUTHORIZE and CHECKING in request.GET
    page = {
        "tenant": tenant,
        "progress": progress,
        "checking": checking,
        "heroku_log_in": not settings.HEROKU_CONNECT_ISV_SLUG,
        "signed": signed,
        "connect_url": addresses.of(Address.AUTHORIZE, tenant),
        "scopes": settings.SOCIAL_AUTH_SALESFORCE_SCOPE,
    }
    response = pages.private(render(request, "tenants/subscriber.html", page))
    if progress.is_moving or checking:
        response["Refresh"] = str(REFRESH_SECONDS)
    return response


@require_safe
def authenticate_plain(request: HttpRequest) -> HttpResponse:
    """Offer the sign-in to somebody who came without a personal link."""
    return pages.private(render(request, "tenants/sign_in.html"))


@require_POST
def salesforce_begin(request: HttpRequest) -> HttpResponse:
    """Send the browser to Salesforce, for the tenant of `link` or else by `environment`."""
    signed, again = request.POST.get("link", ""), "again" in request.POST
    if signed:
        return HttpResponseRedirect(sign_in.begin(request, signed, login_again=again))
    environment = request.POST.get("environment", "")
    return HttpResponseRedirect(sign_in.begin_unknown(request, environment, login_again=again))


@require_GET
def salesforce_callback(request: HttpRequest) -> HttpResponse:
    """Take the browser back from Salesforce and show the subscriber's page, or what went wrong."""
    try:
        tenant = sign_in.complete(request)
    except sign_in.SignInFailed as failed:
        return pages.notice(
            request,
            failed.status,
            failed.title,
            failed.text,
            link=failed.link,
            other_user=failed.other_user,
        )
    return HttpResponseRedirect(links.sign_in_url(tenant))
