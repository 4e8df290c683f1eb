"""What a remedy is: the one right action for one reason, who may do it, and what happens then."""

from dataclasses import dataclass
from enum import StrEnum


class By(StrEnum):
    """Who may do it. The roles are those of portal.roles, where each has all rights of the former.

    `PORTAL` means that nobody has to act.
    """

    OPERATOR = "Operator"
    MANAGER = "Manager"
    PORTAL = "the portal"


class Page(StrEnum):
    """Where a remedy is done, if it is not a button. The value is the label of the link."""

    WRITE_ERRORS = "Open its write errors"
    MAPPINGS = "Open its mappings"
    MAPPING_VERSIONS = "Open the mapping versions"
    ADDON_DAYS = "Open the new add-ons a day"
    HOST_APPS = "Open the host apps"
    DRIFT = "Open the differences"
    ADMIN_MAIL = "Write to the admin"
    HEROKU_SETTINGS = "Open the app's settings at Heroku"
    HEROKU_ADDONS = "Open the app's add-ons at Heroku"
    HEROKU_ACCESS = "Open the app's access at Heroku"
    HEROKU_STATUS = "Open Heroku's status page"
    QUEUE = "Open the queue"
    HEROKU_SUPPORT = "Open a ticket with Heroku"


@dataclass(frozen=True)
class Remedy:
    """The one right action. It has an `action` or a `page`, or neither if nothing is to be done.

    `do`      what is to be done, a sentence for staff.
    `then`    what happens then, a sentence.
    `action`  the name of an action of staff on tenants, as in portal.actions.
    """

    do: str
    then: str
    by: By
    action: str = ""
    page: Page | None = None

    @property
    def in_words(self) -> str:
        """What to do, what happens then, and who may do it, for a page or a mail."""
        may = "" if self.by == By.PORTAL else f" This needs the role {self.by}."
        return f"{self.do} {self.then}{may}"


def press(action: str, by: By, do: str, then: str) -> Remedy:
    """Return a remedy that is a button of the portal."""
    return Remedy(do, then, by, action=action)


def visit(page: Page, by: By, do: str, then: str) -> Remedy:
    """Return a remedy that is done on another page."""
    return Remedy(do, then, by, page=page)


def nothing(then: str, page: Page | None = None) -> Remedy:
    """Return the remedy where nobody has to act."""
    return Remedy("Nothing has to be done.", then, By.PORTAL, page=page)
