"""A subscriber's admin, with a mailbox and a browser."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

from demo import mails
from demo.browser import Browser, Page
from demo.cast import Org
from demo.failure import Failed
from demo.stack import Stack

TO_AUTHORIZE = "authorize Heroku Connect"  # in the subject of the mail


@dataclass(frozen=True)
class Mailbox:
    """The mails that were written to a folder."""

    directory: Path

    def link(self, to: str, path: str, about: str = "") -> str | None:
        """Return the newest link to `path` that was mailed to somebody, or None.

        `about` is a part of the mail's subject.
        """
        found = None
        for mail in mails.read(self.directory):
            if to in mail.to and about in mail.subject:
                links = re.findall(r"https?://\S+", mail.text)
                found = next(
                    (link for link in links if urlsplit(link).path.startswith(path)), found
                )
        return found


@dataclass
class Subscriber:
    """An org's administrator, with a mailbox and a browser."""

    org: Org
    stack: Stack

    def __post_init__(self) -> None:
        self.browser = Browser()

    def mailed_link(self, path: str, about: str = "") -> str:
        """Wait for a mail with a link to `path`, and a part of its subject. Raises Failed."""
        mailbox = Mailbox(self.stack.plan.mail)
        what = f"a mail to {self.org.email} with a link to {path} {about}".rstrip()
        link = self.stack.wait_until(lambda: mailbox.link(self.org.email, path, about), what)
        return cast(str, link)

    def sign_in(self) -> Page:
        """Follow the mail “please sign in” to Salesforce, allow access, and come back."""
        page = self.browser.open(self.mailed_link("/authenticate/"))
        page = self.browser.submit(page, "/auth/salesforce")
        return self._allow(page)

    def authorize(self) -> Page:
        """Follow the mail “please authorize” by our page to Heroku's log-in and Salesforce's."""
        page = self.browser.open(self.mailed_link("/authenticate/", TO_AUTHORIZE))
        page = self.browser.open(page.link("Authorize Heroku Connect"))
        if page.url.startswith(self.stack.plan.portal_url):  # a browser that has not signed in yet
            page = self._decide(self.browser.submit(page, "/auth/salesforce"))
        page = self.browser.click(page, "Log in", email=self.org.email, password="any")  # noqa: S106
        return self._allow(page)

    def _decide(self, page: Page) -> Page:
        page = self.browser.choose(page, "data-org", self.org.org_id)
        return self.browser.click(page, "Allow")

    def _allow(self, page: Page) -> Page:
        page = self._decide(page)
        if page.status != 200 or not page.url.startswith(self.stack.plan.portal_url):
            raise Failed(f"{self.org.name} ended at {page}")
        return page
