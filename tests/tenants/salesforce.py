"""A person at the emulated Salesforce, between the portal's two addresses."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from django.contrib.auth.models import User
from django.test import Client
from social_django.models import UserSocialAuth

import emulator as emulated
from tenants import links
from tenants.models import Event, EventKind, SalesforceGrant, Tenant
from tests.subscriber import Admin, new_org

WAIT = 10  # seconds


def control(running: emulated.Running, path: str, document: dict[str, Any]) -> None:
    """Tell the emulator something."""
    answer = requests.post(f"{running.url}/control/{path}", json=document, timeout=WAIT)
    answer.raise_for_status()


def fail(running: emulated.Running, path: str, **fault: Any) -> None:
    """Let the next call to a path (a regex) of Salesforce fail."""
    control(running, "faults", {"system": "salesforce", "path": path, "times": 1, **fault})


def calls(running: emulated.Running, path: str) -> int:
    """Count the calls to a path (a regex) of Salesforce so far."""
    answer = requests.get(
        f"{running.url}/control/calls", {"system": "salesforce", "path": path}, timeout=WAIT
    )
    count: int = answer.json()["count"]
    return count


def begin(client: Client, tenant: Tenant, **form: str) -> str:
    """Press the page's button; return Salesforce's address."""
    signed = links.signed_part(links.SIGN_IN, tenant)
    answer = client.post("/auth/salesforce", {"link": signed, **form})
    assert answer.status_code == 302, answer.content
    return str(answer["Location"])


def decide(running: emulated.Running, address: str, org_id: str, decision: str = "allow") -> str:
    """Choose the org's admin and decide; return the path and query of the way back."""
    form = {"user": running.admin(org_id), "decision": decision}
    answer = requests.post(address, data=form, allow_redirects=False, timeout=WAIT)
    assert answer.status_code == 302, answer.text
    parts = urlsplit(answer.headers["Location"])
    return f"{parts.path}?{parts.query}"


def query(address: str) -> dict[str, str]:
    """Return an address's query, one value a name."""
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def sign_in(running: emulated.Running, tenant: Tenant) -> SalesforceGrant:
    """Make the tenant's org, let its admin sign in, and return the stored grant."""
    new_org(
        running,
        {
            "org_id": tenant.org_id,
            "name": tenant.name,
            "admin_email": tenant.admin_email,
            "environment": tenant.environment,
            "login_domain": tenant.login_domain,
        },
    )
    assert Admin(running, tenant.org_id).sign_in(tenant) == 302
    return SalesforceGrant.objects.get(tenant=tenant)


def nothing_is_stored() -> bool:
    """Whether no grant, no user and no consent is stored."""
    return not (
        SalesforceGrant.objects.exists()
        or UserSocialAuth.objects.exists()
        or User.objects.exists()
        or Event.objects.filter(kind=EventKind.CONSENTED).exists()
    )
