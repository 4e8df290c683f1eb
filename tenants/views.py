"""Views for the package's callout and the subscriber's browser."""

from django.conf import settings
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    JsonResponse,
    UnreadablePostError,
)
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_safe,
)

from tenants import (
    addresses,
    callout_signature,
    fresh_links,
    limits,
    links,
    pages,
    recipients,
    salesforce_sign_in,
)
from tenants.addresses import Address
from tenants.progress import LINK_LOST, LINK_MAILED, Button, progress_of
from tenants.receiving import MAX_BODY_BYTES, ReceivedCallout, receive
from tenants.registration import CalloutAnswer
from tenants.salesforce_sign_in import After
from tenants.sign_in_errors import SignInFailed
from tenants.view_limits import limited

REFRESH_SECONDS = 5  # while something is about to happen
# A page that is left open must not go on saying what has ended. Not while it asks for something.
SLOW_REFRESH_SECONDS = 60
# From one network: a whole company may sit behind one address.
SIGN_INS_PER_HOUR = 120
NOT_ME_PER_HOUR = 600  # a mail provider posts for all its users
FRESH_LINKS_PER_HOUR = 30
CHECKING = "checking"  # query parameter after the return from Heroku Connect
AGAIN = "again"  # query parameter: a live tenant's admin wants to authorize again


# --- the package ---------------------------------------------------------------------------------
@csrf_exempt
def organizations(request: HttpRequest) -> HttpResponse:
    """Take a registration callout. Every answer is JSON: {"status": …, "message": …}."""
    if request.method != "POST":
        answer = _answer(CalloutAnswer(405, "Send a POST: this address takes registrations."))
        answer["Allow"] = "POST"
        return answer
    try:
        # One byte more than allowed shows that it is too large, without reading the rest.
        body = request.read(MAX_BODY_BYTES + 1)
    except UnreadablePostError:
        return _answer(CalloutAnswer(400, "The body is incomplete."))
    received = ReceivedCallout(
        body=body[:MAX_BODY_BYTES],
        truncated=len(body) > MAX_BODY_BYTES,
        content_type=request.headers.get("Content-Type", ""),
        timestamp=request.headers.get(callout_signature.TIMESTAMP_HEADER, ""),
        signature=request.headers.get(callout_signature.SIGNATURE_HEADER, ""),
        remote_address=limits.remote_address(request.META),
        request_id=getattr(request, "request_id", ""),  # by the portal's middleware
    )
    return _answer(receive(received))


def _answer(answer: CalloutAnswer) -> HttpResponse:
    document: dict[str, object] = {"status": answer.status, "message": answer.message}
    if answer.errors:
        document["errors"] = answer.errors
    response = JsonResponse(
        document, status=answer.status, json_dumps_params={"ensure_ascii": False}
    )
    if answer.retry_after:
        response["Retry-After"] = str(answer.retry_after)
    if answer.status == 401:
        response["WWW-Authenticate"] = f'{callout_signature.SIGNATURE_HEADER} realm="registrations"'
    return response


# --- the subscriber's browser --------------------------------------------------------------------
@require_safe
def authenticate(request: HttpRequest, signed: str) -> HttpResponse:
    """Show a subscriber how their connection stands, and the one thing that they can do."""
    tenant = links.tenant_for(links.SIGN_IN, signed)
    progress = progress_of(tenant)
    checking = progress.said.button == Button.AUTHORIZE and CHECKING in request.GET
    page = {
        "tenant": tenant,
        "progress": progress,
        "checking": checking,
        "heroku_log_in": pages.asks_for_heroku_log_in(),
        "signed": signed,
        "connect_url": addresses.of(Address.AUTHORIZE, tenant, like=signed),
        "scopes": settings.SOCIAL_AUTH_SALESFORCE_SCOPE,
    }
    response = pages.private(render(request, "tenants/subscriber.html", page))
    if progress.is_moving or checking:
        response["Refresh"] = str(REFRESH_SECONDS)
    elif progress.said.button in (Button.NONE, Button.CONTACT):
        response["Refresh"] = str(SLOW_REFRESH_SECONDS)
    return response


@require_safe
def authenticate_plain(request: HttpRequest) -> HttpResponse:
    """Offer the sign-in to a visitor without a personal link."""
    return pages.private(render(request, "tenants/sign_in.html"))


@require_http_methods(["GET", "HEAD", "POST"])
@limited("fresh-link", FRESH_LINKS_PER_HOUR)
def fresh_link(request: HttpRequest) -> HttpResponse:
    """Mail a fresh link to the contact we know. The answer is the same without one."""
    if request.method != "POST":
        return pages.fresh_link_page(request, LINK_LOST)
    if signed := request.POST.get("ended", ""):
        fresh_links.mail_for(signed)
    else:
        fresh_links.mail_to(request.POST.get("email", ""))
    return pages.message_page(request, 200, LINK_MAILED.headline, LINK_MAILED.text)


@require_http_methods(["GET", "HEAD", "POST"])
@limited("sign-in", SIGN_INS_PER_HOUR)
def salesforce_begin(request: HttpRequest) -> HttpResponse:
    """Send the browser to Salesforce, for the tenant of `link` or else by `environment`."""
    if request.method != "POST":  # a restored tab, or a reload in the address bar
        return HttpResponseRedirect(reverse("authenticate-plain"))
    signed, again = request.POST.get("link", ""), "again" in request.POST
    if signed:
        wanted = request.POST.get("after", "")
        after = After(wanted) if wanted in list(After) else After.SET_UP
        url = salesforce_sign_in.begin(request, signed, after=after, login_again=again)
        return HttpResponseRedirect(url)
    environment = request.POST.get("environment", "")
    return HttpResponseRedirect(
        salesforce_sign_in.begin_without_link(request, environment, login_again=again)
    )


@require_GET
@limited("callback", SIGN_INS_PER_HOUR)
def salesforce_callback(request: HttpRequest) -> HttpResponse:
    """Take the browser back from Salesforce and show the subscriber's page, or what went wrong."""
    try:
        done = salesforce_sign_in.complete(request)
    except SignInFailed as failed:
        return pages.message_page(
            request,
            failed.status,
            failed.title,
            failed.text,
            link=failed.link,
            other_user=failed.other_user,
            again=failed.again,
        )
    if done.after in (After.AUTHORIZE, After.AUTHORIZE_AGAIN):
        query = f"?{AGAIN}" if done.after == After.AUTHORIZE_AGAIN else ""
        url = addresses.of(Address.AUTHORIZE, done.tenant, like=done.link)
        return HttpResponseRedirect(url + query)
    return HttpResponseRedirect(links.sign_in_url(done.tenant, like=done.link))


@csrf_exempt  # the mail program's own button posts here too; the signed link is the permission
@require_http_methods(["GET", "HEAD", "POST"])
@limited("not-me", NOT_ME_PER_HOUR)
def not_me(request: HttpRequest, signed: str) -> HttpResponse:
    """Let the recipient of a mail say that the registration is not theirs."""
    if request.method == "POST":
        recipients.stop(signed)
        text = (
            "We will not write to you about this registration, or another one that nobody proved."
        )
        return pages.message_page(request, 200, "Thank you", text)
    recipients.read(signed)
    return pages.private(render(request, "tenants/not_me.html", {"signed": signed}))
