"""What all endpoints of the API have in common: token, scope, limits, ETag, problems."""

import hashlib
import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.http import quote_etag
from django.views.decorators.csrf import csrf_exempt

from portal import audit
from portal.integrations import tokens
from portal.integrations.api.problems import Problem
from portal.integrations.models import ApiToken, Scope
from portal.models import AuditKind
from tenants import limits
from tenants.limits import Bucket

METHODS = ("GET", "HEAD")
REFUSED_PER_HOUR = 100  # calls of one network with a wrong token
MISSING = "Send a token as “Authorization: Bearer mct_…”. A manager makes one under API tokens."
INVALID = "This token is unknown, expired or revoked. A manager makes a new one."

View = Callable[..., Any]
Answer = Callable[..., HttpResponseBase]


def endpoint(scope: Scope | None) -> Callable[[View], Answer]:
    """Answer the JSON that a view returns; None: no token is needed."""

    def decorate(view: View) -> Answer:
        @csrf_exempt
        @wraps(view)
        def answer(request: HttpRequest, **parts: str) -> HttpResponseBase:
            if not settings.READ_API:
                raise Http404
            try:
                _check(request, scope)
                return _answer(request, view(request, **parts))
            except Problem as problem:
                return problem.response(request)

        return answer

    return decorate


def _check(request: HttpRequest, scope: Scope | None) -> None:
    """Raise a Problem for a request that is not to be answered."""
    if request.method not in METHODS:
        allowed = ", ".join(METHODS)
        raise Problem(405, f"Only {allowed} are answered.", {"Allow": allowed})
    if request.META.get("CONTENT_LENGTH") not in (None, "", "0"):
        raise Problem(413, "Send no body: there is nothing to write here.")
    if scope is None:
        return
    token = _token(request)
    wait = limits.seconds_to_wait([Bucket(f"api:{token.pk}", settings.API_CALLS_PER_HOUR)])
    if wait:
        raise _too_many(wait)
    if scope not in token.scopes:
        challenge = f'Bearer error="insufficient_scope", scope="{scope.value}"'
        text = f"This token lacks the scope {scope.value}: make one that has it."
        raise Problem(403, text, {"WWW-Authenticate": challenge})


def _token(request: HttpRequest) -> ApiToken:
    """Return the token of a request. Raises Problem."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise _refused(request, MISSING, "Bearer")
    now = timezone.now()
    token = tokens.find(secret.strip(), now)
    if token is None:
        what = "A token of the API was refused"
        # Counted alone: guesses here must not hide those at the sign-in.
        audit.note_few(AuditKind.DENIED, what, request=request, among="noted-tokens")
        raise _refused(request, INVALID, 'Bearer error="invalid_token"')
    tokens.note_use(token, now)
    return token


def _refused(request: HttpRequest, text: str, challenge: str) -> Problem:
    """Return the problem of a caller without a valid token; after many of them, 429."""
    network = limits.network(audit.address(request))
    wait = limits.seconds_to_wait([Bucket(f"api-refused:{network}", REFUSED_PER_HOUR)])
    return _too_many(wait) if wait else Problem(401, text, {"WWW-Authenticate": challenge})


def _too_many(wait: int) -> Problem:
    text = f"Too many calls: wait {wait} seconds."
    return Problem(429, text, {"Retry-After": str(wait)})


def _answer(request: HttpRequest, document: Any) -> HttpResponseBase:
    body = json.dumps(document).encode()
    etag = quote_etag(hashlib.sha256(body).hexdigest()[:32])
    response = HttpResponse(body, content_type="application/json", headers={"ETag": etag})
    # A cache may keep it, but asks each time whether it is still right.
    response["Cache-Control"] = "private, no-cache"
    patch_vary_headers(response, ["Authorization"])
    return get_conditional_response(request, etag=etag, response=response) or response
