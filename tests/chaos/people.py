"""The people outside: they try again when nobody answers, and go on from where they are."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field

import requests

from demo.actors.emulator import Emulator
from demo.actors.package import send_callout
from demo.actors.subscriber import TO_AUTHORIZE, Subscriber
from demo.browser import NotOnPage, Page
from demo.cast import Org
from demo.failure import Failed
from demo.stack import Stack
from tenants import orgid
from tests.chaos import books

HANDS = 12  # people who act at the same moment
PAUSE_SECONDS = 1.0
# What a person meets while a process is down.
UNANSWERED = (requests.RequestException, Failed, NotOnPage, LookupError)
_STAGES = (
    "SELECT DISTINCT ON (t.id) t.org_id, c.stage, c.blocked_reason FROM tenants_tenant t"
    " JOIN connect_connection c ON c.tenant_id = t.id ORDER BY t.id, c.id DESC"
)


def orgs(count: int) -> list[Org]:
    """Return so many orgs."""
    ids = [orgid.normalize(f"00D5e0000{number:06d}") for number in range(1, count + 1)]
    return [
        Org(org_id=each, name=f"Chaos {number}", email=f"it@chaos-{number}.example")
        for number, each in enumerate(ids, 1)
    ]


class Admin(Subscriber):
    """An admin whose mailbox is the portal's table: hundreds of files take too long to read."""

    def __post_init__(self) -> None:
        super().__post_init__()
        number = int(self.org.name.split()[1])
        address = f"10.0.{number // 250}.{number % 250 + 1}"
        self.browser.session.headers["X-Forwarded-For"] = address

    def authorize(self) -> Page:
        """Authorize; sign in first where the answer to the sign-in was lost with its process."""
        page = self.browser.open(self.mailed_link("/authenticate/", TO_AUTHORIZE))
        page = self.browser.open(page.link("Authorize Heroku Connect"))
        with suppress(NotOnPage, Failed):
            self._allow(self.browser.submit(page, "/auth/salesforce"))
        return super().authorize()

    def mailed_link(self, path: str, about: str = "") -> str:
        """Return the link of the newest mail that was sent. Raises Failed."""
        query = (
            "SELECT substring(m.text from %s) FROM tenants_message m JOIN tenants_tenant t"
            " ON t.id = m.tenant_id WHERE t.org_id = %s AND m.status = 'sent'"
            " AND strpos(m.text, %s) > 0 AND strpos(m.subject, %s) > 0 ORDER BY m.id DESC LIMIT 1"
        )
        pattern = rf"https?://[^\s/]+{path}\S+"
        given = (pattern, self.org.org_id, path, about)
        found = books.rows(self.stack.database_url, query, *given)
        if not found:
            raise Failed(f"no mail with a link to {path} {about}".rstrip())
        return str(found[0][0])


@dataclass
class People:
    """All orgs with their packages and admins."""

    stack: Stack
    orgs: list[Org]
    acting: dict[str, Future[None]] = field(default_factory=dict)

    def register(self) -> int:
        """Send each org's callout until it is accepted; return how many were."""
        emulator = Emulator(self.stack.plan.emulator_url)
        for org in self.orgs:
            emulator.ensure_org(org)
        with ThreadPoolExecutor(HANDS) as hands:
            return sum(hands.map(self._register, self.orgs))

    def _register(self, org: Org) -> bool:
        secret = self.stack.registration_secret
        return bool(persist(lambda: send_callout(self.stack.plan.portal_url, org, secret).ok))

    def stages(self) -> dict[str, str]:
        """Return each org's stage, or "blocked: " and the reason."""
        found = books.rows(self.stack.database_url, _STAGES)
        return {org: f"blocked: {reason}" if reason else stage for org, stage, reason in found}

    def bring_all(self, stage: str, seconds: float) -> dict[str, str]:
        """Act for the admins until all orgs are in the stage or blocked; return the stages."""
        stop_at = time.monotonic() + seconds
        admins = {org.org_id: Admin(org, self.stack) for org in self.orgs}
        with ThreadPoolExecutor(HANDS) as hands:
            while time.monotonic() < stop_at:
                now = self.stages()
                if len(now) == len(admins) and all(
                    _is_at_end(each, stage) for each in now.values()
                ):
                    break
                for org_id, admin in admins.items():
                    self._let_act(hands, admin, now.get(org_id, ""))
                time.sleep(PAUSE_SECONDS)
        return self.stages()

    def _let_act(self, hands: ThreadPoolExecutor, admin: Admin, stage: str) -> None:
        acts: dict[str, Callable[[], object]] = {
            "waiting_for_consent": admin.sign_in,
            "waiting_for_authorization": admin.authorize,
        }
        busy = self.acting.get(admin.org.org_id)
        if stage in acts and (busy is None or busy.done()):
            self.acting[admin.org.org_id] = hands.submit(_try, acts[stage])


def _is_at_end(now: str, stage: str) -> bool:
    return now == stage or now.startswith("blocked: ")


def _try(act: Callable[[], object]) -> None:
    with suppress(*UNANSWERED):
        act()
    # The worker moves the stage a moment later; before that the step would be repeated.
    time.sleep(2 * PAUSE_SECONDS)


def persist(act: Callable[[], object], seconds: float = 120.0) -> object:
    """Do something until it succeeds; return its true answer, or None if it never had one."""
    stop_at = time.monotonic() + seconds
    while time.monotonic() < stop_at:
        with suppress(*UNANSWERED):
            if done := act():
                return done
        time.sleep(PAUSE_SECONDS)
    return None
