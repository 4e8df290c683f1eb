"""A subscriber's admin: goes through the portal's and the emulator's pages as a browser would."""

import re
from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings as portal_settings
from django.test import Client

import emulator as emulated
from connect import links as connect_links
from tenants import links
from tenants.models import Tenant

WAIT = 10  # seconds


def new_org(running: emulated.Running, who: dict[str, str], **more: object) -> str:
    """Make the emulated org of one of the cast, with the package in it; return its id."""
    org = {
        "org_id": who["org_id"],
        "name": who["name"],
        "environment": who["environment"],
        "my_domain": who.get("login_domain", ""),
        "namespace": who.get("namespace", ""),
        "admin_email": who["admin_email"],
        **more,
    }
    return str(running.control("POST", "orgs", org)["id"])


def linked_tenant(text: str) -> Tenant:
    """Return whom the link to authorize Heroku Connect in a text was made for; any second's."""
    [signed] = re.findall(rf"{portal_settings.PORTAL_URL}/connect/([\w:-]+)", text)
    return links.tenant_for(connect_links.AUTHORIZE, signed)


class Admin:
    """The admin of one org, with a browser of their own."""

    def __init__(self, running: emulated.Running, org_id: str) -> None:
        self.client = Client()
        self._running = running
        self.user = running.admin(org_id)

    def sign_in(self, tenant: Tenant, decision: str = "allow") -> int:
        """Press the button of the page, decide at Salesforce; return the last status."""
        return int(self.come_back(tenant, decision).status_code)

    def come_back(self, tenant: Tenant, decision: str = "allow") -> Any:
        """Sign in as above; return the answer to the way back."""
        signed = links.signed_part(links.SIGN_IN, tenant)
        begun = self.client.post("/auth/salesforce", {"link": signed})
        assert begun.status_code == 302, begun.content
        return self.come_back_from(begun["Location"], decision)

    def come_back_from(self, url: str, decision: str = "allow") -> Any:
        """Decide on Salesforce's page; return the answer to the way back."""
        parts = urlsplit(_post(requests.Session(), url, user=self.user, decision=decision))
        return self.client.get(f"{parts.path}?{parts.query}")

    def authorize(self, tenant: Tenant, decision: str = "allow") -> int:
        """Open the mailed link and decide at Heroku Connect; return the last status."""
        opened = self.open_link(tenant)
        browser = requests.Session()
        _post(browser, opened["Location"], step="login")
        back = _post(browser, opened["Location"], user=self.user, decision=decision)
        return self._follow(back)

    def open_link(self, tenant: Tenant) -> Any:
        """Open the mailed link; on another device the sign-in to Salesforce comes first."""
        link = urlsplit(connect_links.authorize_url(tenant)).path
        opened = self.client.get(link)
        if opened.status_code == 200:
            form = dict(re.findall(r'name="(link|after)" value="([^"]+)"', opened.content.decode()))
            begun = self.client.post("/auth/salesforce", form)
            back = _post(requests.Session(), begun["Location"], user=self.user, decision="allow")
            assert self._follow(back) == 302
            opened = self.client.get(link)
        assert opened.status_code == 302, opened.content
        return opened

    def _follow(self, url: str) -> int:
        parts = urlsplit(url)
        return self.client.get(f"{parts.path}?{parts.query}").status_code


def _post(browser: requests.Session, url: str, **form: str) -> str:
    answer = browser.post(url, data=form, allow_redirects=False, timeout=WAIT)
    assert answer.status_code in (302, 303), answer.text
    return str(answer.headers["Location"])
