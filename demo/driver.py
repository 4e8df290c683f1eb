"""Everybody who acts on the portal from outside: the package, the subscriber, staff, the org."""

import email
import hashlib
import hmac
import json
import re
import time
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email import policy
from pathlib import Path
from typing import Any, LiteralString, TypeVar, cast
from urllib.parse import urljoin, urlsplit

import psycopg
import requests

from demo.browser import Browser, Page
from demo.cast import Org, Proof
from demo.stack import STAFF, Failed, Stack

T = TypeVar("T")
PATIENCE = 60.0  # seconds for anything that the portal or the emulator does by itself


# --- the package ---------------------------------------------------------------------------------


def send_callout(portal_url: str, org: Org, secret: str | None) -> requests.Response:
    """Register an org as its package does; signed where the package knows the secret."""
    body = json.dumps(org.callout(), ensure_ascii=False).encode()
    headers = {"Content-Type": "application/json"}
    if secret:
        moment = str(int(time.time()))
        digest = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256)
        headers["X-Multiconnect-Timestamp"] = moment
        headers["X-Multiconnect-Signature"] = f"v1={digest.hexdigest()}"
    session = requests.Session()
    session.trust_env = False
    url = f"{portal_url}/organizations"
    return session.post(url, data=body, headers=headers, timeout=30)


# --- the subscriber ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Mailbox:
    """The mails that Django's file backend has written."""

    directory: Path

    def link(self, to: str, path: str) -> str | None:
        """Return the newest link to `path` that was mailed to somebody, or None."""
        found = None
        for written in sorted(self.directory.glob("*.log"), key=lambda each: each.stat().st_mtime):
            for text in written.read_text(errors="replace").split("\n" + "-" * 79 + "\n"):
                message = email.message_from_string(text.lstrip(), policy=policy.default)
                body = message.get_body(("plain",))
                if to not in str(message["To"]) or body is None:
                    continue
                links = re.findall(r"https?://\S+", body.get_content())
                found = next(
                    (each for each in links if urlsplit(each).path.startswith(path)), found
                )
        return found


@dataclass
class Subscriber:
    """An org's administrator, with a mailbox and a browser."""

    org: Org
    stack: Stack

    def __post_init__(self) -> None:
        self.browser = Browser()

    def mailed_link(self, path: str) -> str:
        """Wait for a mail with a link to `path`. Raises Failed."""
        mailbox = Mailbox(self.stack.plan.mail)
        what = f"a mail to {self.org.email} with a link to {path}"
        link = self.stack.wait_until(lambda: mailbox.link(self.org.email, path), PATIENCE, what)
        return cast(str, link)

    def sign_in(self) -> Page:
        """Follow the mail “please sign in” to Salesforce, allow access, and come back."""
        page = self.browser.open(self.mailed_link("/authenticate/"))
        page = self.browser.submit(page, "/auth/salesforce")
        return self._allow(page)

    def authorize(self) -> Page:
        """Follow the mail “please authorize” through Heroku's log-in and Salesforce's."""
        page = self.browser.open(self.mailed_link("/connect/"))
        page = self.browser.click(page, "Log in", email=self.org.email, password="any")  # noqa: S106
        return self._allow(page)

    def _allow(self, page: Page) -> Page:
        page = self.browser.choose(page, "data-org", self.org.org_id)
        page = self.browser.click(page, "Allow")
        if page.status != 200 or not page.url.startswith(self.stack.plan.portal_url):
            raise Failed(f"{self.org.name} ended at {page}")
        return page


# --- staff ---------------------------------------------------------------------------------------


class Staff:
    """A person of the ISV, logged in to the admin."""

    def __init__(self, stack: Stack) -> None:
        self.base = f"{stack.plan.portal_url}/admin/"
        self.browser = Browser()
        page = self.browser.open(self.base)
        login = {"username": STAFF, "password": stack.password}
        page = self.browser.click(page, "Log in", **login)
        if "logout" not in page.text:
            raise Failed(f"the staff login was refused: {page}")

    def tenant_page(self, org: Org) -> Page:
        """Search for the org and open its page."""
        found = self.browser.open(f"{self.base}tenants/tenant/?q={org.org_id}")
        return self.browser.open(urljoin(found.url, found.link(org.name)))

    def act(self, org: Org, action: str, **answers: str) -> Page:
        """Do an action on the org's page; those that hurt ask for confirmation and answers."""
        page = self.tenant_page(org)
        if answers:
            page = self.browser.open(urljoin(page.url, page.link(action)))
        return self.browser.click(page, action, **answers)

    def collect_posts(self) -> Page:
        """Press “Collect now” on the list of runs."""
        page = self.browser.open(f"{self.base}social/collectionrun/")
        return self.browser.click(page, "Collect now")


# --- the other side ------------------------------------------------------------------------------


class Emulator:
    """The emulator's /control."""

    def __init__(self, url: str) -> None:
        self.url = f"{url}/control"
        self.session = requests.Session()
        self.session.trust_env = False

    def call(self, method: str, path: str, document: Any = None) -> Any:
        """Make one call and return its JSON. Raises Failed on a refusal."""
        answer = self.session.request(method, f"{self.url}{path}", json=document, timeout=30)
        if not answer.ok:
            raise Failed(f"the emulator refused {method} {path}: {answer.text}")
        return answer.json() if answer.content else None

    def ensure_org(self, org: Org) -> None:
        """Make the org unless it is there."""
        if org.org_id in {each["id"] for each in self.call("GET", "/orgs")["orgs"]}:
            return
        document = {
            "org_id": org.org_id,
            "name": org.name,
            "environment": org.environment,
            "my_domain": org.my_domain,
            "namespace": org.namespace,
            "admin_email": org.email,
            "records": org.records,
        }
        self.call("POST", "/orgs", document)

    def records(self, org: Org, object_name: str) -> list[dict[str, Any]]:
        """List an object's records in the org."""
        found = self.call("GET", f"/orgs/{org.org_id}/records/{object_name}")["records"]
        return cast(list[dict[str, Any]], found)


# --- what came of it -----------------------------------------------------------------------------


class Ledger:
    """Reads the portal's database: stages, timeline, rows of the tenants' schemas."""

    def __init__(self, database_url: str) -> None:
        self.database = psycopg.connect(database_url, autocommit=True)

    def __enter__(self) -> "Ledger":
        return self

    def __exit__(self, *_: object) -> None:
        self.database.close()

    def row(self, query: LiteralString, *values: Any) -> tuple[Any, ...] | None:
        """Return the first row of a query."""
        return self.database.execute(query, values).fetchone()

    def stage(self, org: Org) -> str | None:
        """Return the stage of the org's newest connection; None before there is one."""
        found = self.row(
            "SELECT stage FROM connect_connection c JOIN tenants_tenant t ON t.id = c.tenant_id"
            " WHERE t.org_id = %s ORDER BY c.id DESC LIMIT 1",
            org.org_id,
        )
        return found[0] if found else None

    def trouble(self, org: Org) -> str:
        """Return why the org's connection does not go on, if it does not."""
        found = self.row(
            "SELECT coalesce(nullif(blocked_reason, ''), last_error) FROM connect_connection c"
            " JOIN tenants_tenant t ON t.id = c.tenant_id WHERE t.org_id = %s"
            " ORDER BY c.id DESC LIMIT 1",
            org.org_id,
        )
        return found[0] if found else ""


def at_once(act: Callable[[Org], T], orgs: Collection[Org]) -> list[T]:
    """Do something for each org, all at the same time; return the answers in the orgs' order."""
    people = ThreadPoolExecutor(len(orgs))
    try:
        return list(people.map(act, orgs))
    finally:  # who wants to stop does not wait for the others: they fail when the stack is gone
        people.shutdown(wait=False, cancel_futures=True)


def bring_to(stack: Stack, org: Org, stage: str, say: Callable[[str], None]) -> None:
    """Do what the org, its people and staff have to do until its connection is in `stage`.

    It looks where things stand first, so that an interrupted run is taken up again.
    """
    acts = _acts(stack, org)
    Emulator(stack.plan.emulator_url).ensure_org(org)
    with Ledger(stack.database_url) as ledger:
        if ledger.stage(org) is None:
            say(f"{org.name}: the package sends its callout")
            register(stack, org)
        while (now := settle(stack, ledger, org, {stage, *acts})) != stage:
            done = told, act = acts[now]
            say(f"{org.name}: {told}")
            act()
            _leave(stack, ledger, org, now)
            acts = {stop: each for stop, each in acts.items() if each is not done}
    say(f"{org.name}: {stage.replace('_', ' ')}")


def _acts(stack: Stack, org: Org) -> dict[str, tuple[str, Callable[[], object]]]:
    """Return what has to be done, in words and as a function, by the stage that waits for it."""
    subscriber = Subscriber(org, stack)
    sign_in = ("the admin signs in to Salesforce", subscriber.sign_in)
    acts: dict[str, tuple[str, Callable[[], object]]] = {
        "waiting_for_consent": sign_in,
        "waiting_for_authorization": (
            "the admin authorizes Heroku Connect",
            subscriber.authorize,
        ),
    }
    if org.proof == Proof.STAFF:
        approve = ("staff approve it", lambda: Staff(stack).act(org, "Approve"))
        acts["waiting_for_proof"] = approve
    elif org.proof == Proof.CONSENT:
        acts["waiting_for_proof"] = sign_in
    return acts


def register(stack: Stack, org: Org) -> None:
    """Send the org's callout. Raises Failed unless it is accepted."""
    secret = stack.registration_secret if org.proof == Proof.SIGNED else None
    answer = send_callout(stack.plan.portal_url, org, secret)
    if answer.status_code != 202:
        raise Failed(f"the callout of {org.name} was answered {answer.text}")


def settle(stack: Stack, ledger: Ledger, org: Org, stops: Collection[str]) -> str:
    """Wait until the org's connection is in one of these stages, and return it."""

    def settled() -> str | None:
        now = ledger.stage(org)
        return now if now in stops else None

    try:
        what = f"{org.name} to be {' or '.join(sorted(stops))}"
        return cast(str, stack.wait_until(settled, PATIENCE, what))
    except Failed as failed:
        raise Failed(f"{failed} It is {ledger.stage(org)}. {ledger.trouble(org)}") from None


def _leave(stack: Stack, ledger: Ledger, org: Org, stage: str) -> None:
    what = f"{org.name} to leave {stage}"
    stack.wait_until(lambda: ledger.stage(org) != stage, PATIENCE, what)
