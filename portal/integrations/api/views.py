"""The endpoints: tenants, one tenant, the fleet's health, and the document about them."""

import json
import re
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from connect import standing
from connect.models import Connection, Incident, IncidentStatus
from connect.standing import Word
from portal.integrations import documents
from portal.integrations.api.endpoint import endpoint
from portal.integrations.api.problems import Problem
from portal.integrations.models import Scope
from tenants.models import Tenant

PAGE, MAX_PAGE = 100, 500  # tenants
ORG_ID = re.compile(r"00D[0-9A-Za-z]{12}[A-Z0-5]{3}")
_PARAMETERS = {"limit", "after", "standing"}
_DOCUMENT = json.loads((Path(__file__).parent / "openapi.json").read_text())


@endpoint(Scope.TENANTS)
def tenants(request: HttpRequest) -> Any:
    """Return a page of tenants by org id, and the address of the next page."""
    given = _given(request)
    limit = _limit(given.get("limit", str(PAGE)))
    rows = _wanted(given).order_by("org_id")
    # One more than asked for tells whether there is a next page.
    found = list(rows[: limit + 1])
    page = found[:limit]
    following = _address({**given, "after": page[-1].org_id}) if len(found) > limit else None
    return {"tenants": documents.of_tenants(page), "next": following}


def _address(given: dict[str, str]) -> str:
    return f"{settings.PORTAL_URL}{reverse('api-tenants')}?{urlencode(given)}"


@endpoint(Scope.TENANTS)
def tenant(request: HttpRequest, org_id: str) -> Any:
    """Return one tenant."""
    _given(request, allowed=set())
    row = Tenant.objects.filter(org_id=org_id).first() if ORG_ID.fullmatch(org_id) else None
    if row is None:
        raise Problem(404, "No tenant has this organization id, of 18 characters.")
    return documents.of_tenants([row])[0]


@endpoint(Scope.HEALTH)
def health(request: HttpRequest) -> Any:
    """Return how many current connections have each standing, and the open incidents by kind."""
    _given(request, allowed=set())
    counted = standing.counts(timezone.now())
    opened = Incident.objects.filter(status=IncidentStatus.OPEN).order_by()
    return {
        "standings": {word.value: counted.get(word, 0) for word in Word if word != Word.OFFBOARDED},
        "open_incidents": dict(opened.values_list("kind").annotate(Count("pk"))),
        "incidents_needing_a_person": opened.filter(needs_person_since__isnull=False).count(),
    }


@endpoint(None)
def openapi(request: HttpRequest) -> Any:
    """Return the OpenAPI document, which needs no token."""
    return {**_DOCUMENT, "servers": [{"url": settings.PORTAL_URL}]}


# --- parameters ----------------------------------------------------------------------------------


def _given(request: HttpRequest, allowed: set[str] = _PARAMETERS) -> dict[str, str]:
    """Return the parameters of a request. Raises Problem for one that is unknown or there twice."""
    unknown = sorted(set(request.GET) - allowed)
    if unknown:
        known = ", ".join(sorted(allowed)) or "none"
        raise Problem(400, f"Unknown parameters. Known here: {known}.")
    if twice := [name for name, values in request.GET.lists() if len(values) > 1]:
        raise Problem(400, f"“{twice[0]}” is given twice.")
    return {name: str(value) for name, value in request.GET.items()}


def _limit(text: str) -> int:
    if not re.fullmatch(r"[1-9]\d{0,2}", text, re.ASCII) or int(text) > MAX_PAGE:
        raise Problem(400, f"“limit” is a whole number from 1 to {MAX_PAGE}.")
    return int(text)


def _wanted(given: dict[str, str]) -> QuerySet[Tenant]:
    rows = Tenant.objects.all()
    if "after" in given:
        if not ORG_ID.fullmatch(given["after"]):
            raise Problem(400, "“after” is the org id, of 18 characters, that ended a page.")
        rows = rows.filter(org_id__gt=given["after"])
    if "standing" in given:
        if given["standing"] not in Word.values:
            raise Problem(400, f"“standing” is one of: {', '.join(Word.values)}.")
        rows = rows.filter(_with_word(Word(given["standing"])))
    return rows


def _with_word(word: Word) -> Q:
    """Return what selects the tenants whose badge says this word."""
    current = Connection.objects.filter(offboarded_at=None).order_by()
    if word == Word.OFFBOARDED:
        return Q(offboarded_at__isnull=False)
    if word == Word.NEW:
        return Q(offboarded_at=None) & ~Q(pk__in=current.values("tenant"))
    found = current.filter(standing.with_word(word, timezone.now()))
    return Q(pk__in=found.values("tenant"))
