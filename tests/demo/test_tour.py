"""The tour and the mailbox: what they show, and what a mail cannot do."""

from pathlib import Path

import pytest
from werkzeug.test import Client, TestResponse

from demo import mails
from demo.plan import Plan
from demo.tour import pages
from demo.tour.server import Tour
from demo.tour.stops import BREAKS, STOPS
from emulator.testing import BREAKS as BUTTONS

MAIL = """\
Content-Type: multipart/alternative; boundary="=="
MIME-Version: 1.0
Subject: Please sign in to <b>Salesforce</b>
From: connect@isv.example
To: ops@acme.example
Date: Fri, 27 Nov 2026 03:00:00 -0000

--==
Content-Type: text/plain; charset="utf-8"

Hello Jos\u00e9, https://portal.example/authenticate/x

--==
Content-Type: text/html; charset="utf-8"

<!doctype html><html><head><title>x</title></head><body><script>alert(1)</script></body></html>

--==--

"""


@pytest.fixture
def tour(tmp_path: Path) -> Tour:
    plan = Plan(tmp_path, 6110, 6111, durable=False, tour_port=6112)
    plan.mail.mkdir()
    text = MAIL + "-" * 79 + "\n" + MAIL.replace("Please", "Again: please")
    (plan.mail / "1.log").write_text(text)
    return Tour(plan)


def get(tour: Tour, path: str, host: str = "127.0.0.1:6112") -> TestResponse:
    return Client(tour).get(path, headers={"Host": host})


def test_while_the_demo_starts_the_tour_shows_how_far_it_is(tour: Tour) -> None:
    tour.note("Starting <PostgreSQL> ...")
    answer = get(tour, "/")
    assert "Starting &lt;PostgreSQL&gt; ..." in answer.text
    assert 'http-equiv="refresh"' in answer.text


def test_the_mailbox_lists_the_newest_mail_first(tour: Tour) -> None:
    page = get(tour, "/mail/").text
    assert page.index("Again: please") < page.index("Please sign in")
    assert "&lt;b&gt;Salesforce&lt;/b&gt;" in page


def test_a_mail_is_shown_in_a_sandbox_in_which_nothing_runs(tour: Tour) -> None:
    page = get(tour, "/mail/1")
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page.text
    assert "Hello José" in page.text
    assert "<script" not in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    shown = get(tour, "/mail/1/html")
    policy = shown.headers["Content-Security-Policy"]
    assert "sandbox allow-popups" in policy
    assert "allow-scripts" not in policy
    assert '<head><base target="_blank">' in shown.text


@pytest.mark.parametrize("path", ["/mail/0", "/mail/3", "/mail/3/html", "/secrets.json", "/x"])
def test_what_is_not_there_is_not_found(tour: Tour, path: str) -> None:
    assert get(tour, path).status_code == 404


@pytest.mark.parametrize("name", ["brand.css", "mark.svg", "tour.css"])
def test_the_pages_have_their_files(tour: Tour, name: str) -> None:
    assert get(tour, f"/{name}").status_code == 200


def test_a_page_of_the_internet_cannot_read_the_tour(tour: Tour) -> None:
    assert get(tour, "/", host="rebound.example:6112").status_code == 403


def test_the_tour_leads_to_every_stop(tour: Tour) -> None:
    facts = {"portal": "p", "emulator": "e", "staff": "admin", "password": "secret"}
    page = pages.tour(facts, STOPS, BREAKS)
    assert page.count("<li><h2>") == len(STOPS)
    assert "secret" in page


def test_each_button_of_the_emulator_that_is_linked_exists() -> None:
    for words, address in BREAKS.items():
        query, _, name = address.partition("#")
        group = query.rpartition("=")[2].replace("+", " ")
        assert name in BUTTONS[group], words


def test_a_mail_without_html_and_date_is_read_too(tmp_path: Path) -> None:
    (tmp_path / "1.log").write_text("To: a@b.example\nSubject: hello\n\nJust text.\n")
    (mail,) = mails.read(tmp_path)
    assert (mail.to, mail.at, mail.text, mail.html) == ("a@b.example", None, "Just text.\n", "")
