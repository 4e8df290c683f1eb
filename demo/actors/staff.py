"""A member of the ISV's staff, logged in to the admin."""

from urllib.parse import urljoin

from demo.browser import Browser, Page
from demo.cast import Org
from demo.failure import Failed
from demo.plan import STAFF
from demo.stack import Stack


class Staff:
    """A person of the ISV, logged in to the admin."""

    def __init__(self, stack: Stack) -> None:
        self.base = f"{stack.plan.portal_url}/admin/"
        self.browser = Browser()
        page = self.browser.open(self.base)
        login = {"login": STAFF, "password": stack.password}
        page = self.browser.click(page, "Log in", **login)
        if "logout" not in page.text:
            raise Failed(f"the staff login was refused: {page}")

    def tenant_page(self, org: Org) -> Page:
        """Search for the org and open its page."""
        found = self.browser.open(f"{self.base}tenants/tenant/?q={org.org_id}")
        return self.browser.open(urljoin(found.url, found.link(org.name)))

    def act(self, org: Org, action: str, **answers: str) -> Page:
        """Run an action on the org's page, with the answers for its form."""
        page = self.tenant_page(org)
        # An action with a form has its question on a page of its own, behind a link.
        if answers:
            page = self.browser.open(urljoin(page.url, page.link(action)))
        return self.browser.click(page, action, **answers)

    def collect_posts(self) -> Page:
        """Press “Collect now” on the list of runs."""
        page = self.browser.open(f"{self.base}social/collectionrun/")
        return self.browser.click(page, "Collect now")
