"""The addresses of Heroku's own pages, which people open."""

from enum import StrEnum

from django.conf import settings


class Site(StrEnum):
    """One of Heroku's sites, by the first part of its host."""

    DASHBOARD = "dashboard"
    STATUS = "status"
    HELP = "help"


def address(site: Site, path: str = "") -> str:
    """Return the address of a page. The demo has the emulator's in its place."""
    base: str = settings.HEROKU_PAGES_URL
    return f"{base.replace('{site}', site)}/{path}"


def ticket() -> str:
    """Return the address of the form for a support ticket."""
    return address(Site.HELP, "tickets/new")
