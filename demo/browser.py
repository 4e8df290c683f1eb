"""A browser without JavaScript: cookies, redirects and forms."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import requests

TIMEOUT = 30  # seconds


class NotOnPage(LookupError):
    """The button or link is not on the page; the text lists what is."""


@dataclass
class Button:
    """A submit button: what it sends, its words, and all its attributes."""

    attributes: Mapping[str, str]
    words: str = ""


@dataclass
class Form:
    """A form with the values that it would send now."""

    action: str
    method: str
    values: list[tuple[str, str]] = field(default_factory=list)
    buttons: list[Button] = field(default_factory=list)


@dataclass
class Page:
    """The page after all redirects."""

    url: str
    status: int
    text: str
    name: str = ""
    forms: list[Form] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)

    def button(self, fits: Callable[[Button], bool], what: str) -> tuple[Form, Button]:
        """Find a button on any form. Raises NotOnPage."""
        for form in self.forms:
            for button in form.buttons:
                if fits(button):
                    return form, button
        raise NotOnPage(f"{what} is not on {self}")

    def link(self, words: str) -> str:
        """Return the address behind a link's words. Raises NotOnPage."""
        for address, label in self.links:
            if words.lower() in label.lower():
                return address
        raise NotOnPage(f"no link {words!r} on {self}")

    def __str__(self) -> str:
        buttons = [button.words for form in self.forms for button in form.buttons]
        return f"{urlsplit(self.url).path} ({self.status}, buttons: {buttons})"


class Browser:
    """One person's browser."""

    def __init__(self) -> None:
        self.session = requests.Session()
        self.session.trust_env = False  # no proxy stands between here and 127.0.0.1

    def open(self, url: str) -> Page:
        """Follow a link."""
        return _page(self.session.get(url, timeout=TIMEOUT))

    def click(self, page: Page, words: str, **typed: str) -> Page:
        """Press the button with these words, after typing into its form's fields."""

        def fits(button: Button) -> bool:
            return words.lower() in button.words.lower()

        return self.press(page, *page.button(fits, repr(words)), typed)

    def submit(self, page: Page, address: str, **typed: str) -> Page:
        """Press the first button of the form that goes to this address."""
        for form in page.forms:
            if urlsplit(urljoin(page.url, form.action)).path == address:
                return self.press(page, form, next(iter(form.buttons), None), typed)
        raise NotOnPage(f"no form goes to {address} on {page}")

    def choose(self, page: Page, attribute: str, value: str) -> Page:
        """Press the button that has this attribute."""

        def fits(button: Button) -> bool:
            return button.attributes.get(attribute) == value

        return self.press(page, *page.button(fits, f"{attribute}={value}"), {})

    def press(
        self, page: Page, form: Form, button: Button | None, typed: Mapping[str, str]
    ) -> Page:
        """Send a form with its values and the typed values."""
        values = [(name, value) for name, value in form.values if name not in typed]
        values += typed.items()
        # A browser sends the name and value of the pressed button only.
        if button and button.attributes.get("name"):
            values.append((button.attributes["name"], button.attributes.get("value", "")))
        action = button.attributes.get("formaction") if button else None
        target = urljoin(page.url, action or form.action)
        if form.method == "get":
            return _page(self.session.get(target, params=values, timeout=TIMEOUT))
        parts = urlsplit(page.url)
        # Django's CSRF check compares them with the portal's own address.
        headers = {"Referer": page.url, "Origin": f"{parts.scheme}://{parts.netloc}"}
        return _page(self.session.post(target, data=values, headers=headers, timeout=TIMEOUT))


def _page(response: requests.Response) -> Page:
    reader = _Reader(Page(response.url, response.status_code, response.text))
    reader.feed(response.text)
    return reader.page


class _Reader(HTMLParser):
    """Reads the forms, buttons and links of a page."""

    def __init__(self, page: Page) -> None:
        super().__init__()
        self.page = page
        self._form: Form | None = None
        self._words: Button | None = None
        self._link: list[str] | None = None
        self._select: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "body":
            self.page.name = given.get("data-page", "")
        elif tag == "form":
            self._form = Form(given.get("action", ""), given.get("method", "get").lower())
            self.page.forms.append(self._form)
        elif tag == "a":
            self._link = [given.get("href", ""), ""]
        elif self._form is not None:
            self._read_field(self._form, tag, given)

    def _read_field(self, form: Form, tag: str, given: dict[str, str]) -> None:
        kind = given.get("type", "")
        if tag == "button" or (tag == "input" and kind in ("submit", "image")):
            button = Button(given, given.get("value", "") if tag == "input" else "")
            form.buttons.append(button)
            self._words = button if tag == "button" else None
        elif tag == "input" and "name" in given:
            is_box = kind in ("checkbox", "radio")
            if not is_box or "checked" in given:
                # A ticked box without a value is sent as "on".
                form.values.append((given["name"], given.get("value", "on" if is_box else "")))
        elif tag == "select":
            self._select = given.get("name")
        elif tag == "option" and self._select and "selected" in given:
            form.values.append((self._select, given.get("value", "")))
        elif tag == "textarea" and "name" in given:
            form.values.append((given["name"], ""))

    def handle_data(self, data: str) -> None:
        if self._words is not None:
            self._words.words += data
        if self._link is not None:
            self._link[1] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "button":
            self._words = None
        elif tag == "select":
            self._select = None
        elif tag == "a" and self._link is not None:
            self.page.links.append((self._link[0], self._link[1].strip()))
            self._link = None
