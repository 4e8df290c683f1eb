"""The scriptless browser sends what a real one would send."""

from collections.abc import Iterator
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import pytest
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from demo.browser import Browser, NotOnPage

PAGE = """<body data-page="order"><a href="/next">Go <b>on</b></a>
<form method="post" action="/sent">
<input type="hidden" name="token" value="t1"><input name="who" value="nobody">
<input type="text" name="more">
<input type="checkbox" name="news" value="yes"><input type="checkbox" name="terms" checked>
<input type="radio" name="size" value="s" checked><input type="radio" name="size" value="l">
<select name="land"><option value="de">DE</option><option value="fr" selected>FR</option></select>
<textarea name="note"></textarea>
<button name="do" value="keep">Keep</button>
<button name="do" value="drop" data-x="1">Drop it</button>
<button formaction="/sent/elsewhere">Elsewhere</button>
</form></body>"""


@pytest.fixture(scope="module")
def echo() -> Iterator[str]:
    """Serve PAGE, and say back what was posted and from where."""

    @Request.application
    def answer(request: Request) -> Response:
        if not request.path.startswith("/sent"):
            return Response(PAGE, content_type="text/html")
        pairs = "&".join(f"{name}={value}" for name, value in request.form.items(multi=True))
        origin = request.headers.get("Origin", "")
        return Response(f"{pairs} from {urlsplit(origin).hostname}", content_type="text/html")

    server: Any = make_server("127.0.0.1", 0, answer)
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_click_sends_the_forms_values_and_the_button(echo: str) -> None:
    browser = Browser()
    page = browser.open(echo)
    assert page.name == "order"
    sent = browser.click(page, "drop")
    assert sent.text == (
        "token=t1&who=nobody&more=&terms=on&size=s&land=fr&note=&do=drop from 127.0.0.1"
    )


def test_what_is_typed_replaces_what_was_there(echo: str) -> None:
    browser = Browser()
    sent = browser.choose(browser.open(echo), "data-x", "1")
    assert "who=nobody" in sent.text
    sent = browser.submit(browser.open(echo), "/sent", who="Ada", news="yes")
    assert "who=Ada" in sent.text
    assert "who=nobody" not in sent.text
    assert "news=yes" in sent.text
    assert "do=keep" in sent.text


def test_a_link_is_found_by_its_text(echo: str) -> None:
    assert Browser().open(echo).link("go on") == "/next"


def test_the_error_for_a_missing_part_lists_the_parts_of_the_page(echo: str) -> None:
    browser = Browser()
    page = browser.open(echo)
    with pytest.raises(NotOnPage, match=r"'Buy' is not on .*Drop it"):
        browser.click(page, "Buy")
    with pytest.raises(NotOnPage, match="no form goes to /elsewhere"):
        browser.submit(page, "/elsewhere")
    with pytest.raises(NotOnPage, match="no link 'Help'"):
        page.link("Help")


def test_a_button_with_an_address_of_its_own_sends_the_form_there(echo: str) -> None:
    browser = Browser()
    sent = browser.click(browser.open(echo), "elsewhere")
    assert urlsplit(sent.url).path == "/sent/elsewhere"
    assert "token=t1" in sent.text
