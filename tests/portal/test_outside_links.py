"""An address that a peer gave is a link only if it is https."""

import pytest

from portal import show
from portal.admin.pages.health.diagnoses import finding

GOOD = "https://devcenter.heroku.com/articles/heroku-connect#x"
BAD = [
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    " javascript:alert(1)",
    "data:text/html,x",
    "http://devcenter.heroku.com/",
    "//evil.example/",
    "/admin/logout/",
    "https://",
    "https://user:password@evil.example/",
    "https://devcenter.heroku.com@evil.example/",
    "https://[::1",
    "vbscript:x",
]


def test_an_https_address_is_a_link_that_names_nobody() -> None:
    shown = show.outside_link(GOOD, "Read more")
    assert shown == f'<a href="{GOOD}" rel="noreferrer noopener">Read more</a>'


@pytest.mark.parametrize("address", BAD)
def test_every_other_address_is_text(address: str) -> None:
    assert "href" not in show.outside_link(address, "Read more")


@pytest.mark.parametrize("address", BAD)
def test_a_diagnosis_cannot_make_a_link_of_it(address: str) -> None:
    found = {"pile": "errors", "about": "", "title": "t", "message": "m", "link": address}
    assert "href" not in finding(found)


def test_an_address_cannot_leave_its_attribute() -> None:
    assert 'x">' not in show.outside_link('https://a.example/x"><script>', "Read more")
