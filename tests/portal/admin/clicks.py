"""Clicks on what a page really offers: its own links and forms, by the label that staff read."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

from django.http import HttpResponse
from django.test import Client


@dataclass
class Offer:
    """A button of a page: what its click asks for."""

    label: str
    method: str
    url: str
    fields: dict[str, str] = field(default_factory=dict)

    def click(self, client: Client, **typed: str) -> HttpResponse:
        """Click it, with what was typed into the form around it."""
        if self.method == "get":
            return client.get(self.url)  # type: ignore[return-value]
        return client.post(self.url, {**self.fields, **typed})  # type: ignore[return-value]


class _Buttons(HTMLParser):
    """Collects the links that look like buttons, and the submit buttons of forms."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Offer] = []
        self.form = Offer("", "", "")
        self.open: Offer | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.form = Offer("", given.get("method", "get"), given.get("action", ""))
        elif tag == "input" and given.get("type") == "hidden" and "name" in given:
            self.form.fields[given["name"]] = given.get("value", "")
        elif tag == "button" and given.get("type") == "submit":
            url = given.get("formaction", self.form.url)
            own = {given["name"]: given.get("value", "")} if "name" in given else {}
            self.open = Offer("", self.form.method, url, {**self.form.fields, **own})
        elif tag == "a" and "button" in given.get("class", "").split():
            self.open = Offer("", "get", given.get("href", ""))

    def handle_data(self, data: str) -> None:
        if self.open:
            self.open.label += data

    def handle_endtag(self, tag: str) -> None:
        if tag in ("a", "button") and self.open:
            self.found.append(self.open)
            self.open = None


def offers(html: str) -> list[Offer]:
    """Return every button of a page; those that lead to a question end with “…”."""
    parser = _Buttons()
    parser.feed(html)
    for each in parser.found:
        each.label = " ".join(each.label.split())
    return parser.found


def offered(client: Client, page: str, label: str) -> Offer:
    """Return the button of a page with this label, whether it asks first or not."""
    found = offers(client.get(page).content.decode())
    (wanted,) = [each for each in found if each.label.removesuffix("…") == label]
    return wanted
