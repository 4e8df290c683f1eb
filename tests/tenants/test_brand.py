"""One brand for staff, subscribers, mails and the package."""

import re

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from portal.site import AdminSite
from tenants import brand, messages
from tenants.models import MessageKind
from tests import cast
from tests.documents import ROOT

FOLDERS = ("portal", "tenants", "demo")
# What stands on what.
PAIRS = (
    *(("", "-on"), ("-deep", "-on"), ("", "-sheet"), ("-deep", "-sheet"), ("", "-wash")),
    *(("-ink", "-sheet"), ("-ink", "-ground"), ("-ink", "-wash"), ("-good", "-good-wash")),
    *(("-soft", "-sheet"), ("-soft", "-ground")),
)
COLOUR = r"#[0-9a-fA-F]{3,8}\b"


def luminance(colour: str) -> float:
    """Return the relative luminance of WCAG 2.2."""
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", ["brand", "brand-dark"])
@pytest.mark.parametrize(("name", "on"), PAIRS)
def test_every_colour_can_be_read(scheme: str, name: str, on: str) -> None:
    found = brand.colours()
    assert contrast(found[f"{scheme}{name}"], found[f"{scheme}{on}"]) >= 4.5


def test_no_other_file_holds_a_colour_of_the_brand() -> None:
    main = {brand.colours()["brand"], brand.colours()["brand-dark"]}
    found = [
        path
        for folder in FOLDERS
        for kind in ("*.css", "*.html", "*.py")
        for path in (ROOT / folder).rglob(kind)
        if path != brand.COLOURS and main & set(re.findall(r"#[0-9a-f]{6}", path.read_text()))
    ]
    assert found == []


def test_what_subscribers_see_has_no_colours_of_its_own() -> None:
    pages = [brand.COLOURS.with_name("subscriber.css")]
    pages += (ROOT / "tenants" / "templates").rglob("*.html")
    found = {path.name: re.findall(COLOUR, path.read_text()) for path in pages}
    assert {name: colours for name, colours in found.items() if colours} == {}


def test_the_mark_and_the_package_have_the_colour_of_the_brand() -> None:
    colour = brand.colours()["brand"]
    mark = brand.COLOURS.with_name("mark.svg")
    app = ROOT / "salesforce/force-app/main/default/applications/Multiconnect.app-meta.xml"
    assert f'fill="{colour}"' in mark.read_text()
    assert f"<headerColor>{colour.upper()}</headerColor>" in app.read_text()


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/authenticate", "/admin/login/", "/admin/no/such/page/"])
def test_each_page_has_the_mark_the_colours_and_the_name(client: Client, path: str) -> None:
    page = client.get(path, follow=True).content.decode()
    for part in ("tenants/mark", "tenants/brand", "Multiconnect"):
        assert part in page


@pytest.mark.django_db
def test_a_mail_has_the_colour_and_the_name(settings: Settings) -> None:
    settings.PRODUCT_NAME = "Northwind Social"
    message = messages.queue(cast.enrol(cast.ACME), MessageKind.SIGN_IN, "key")
    assert f"background:{brand.colours()['brand']}" in message.html
    assert "Northwind Social" in message.html


def test_staff_read_the_products_name(settings: Settings) -> None:
    assert AdminSite.site_header == settings.PRODUCT_NAME
