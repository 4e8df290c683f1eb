"""The pages of the tour and the mailbox: plain HTML, no JavaScript."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from markupsafe import Markup

from demo.mails import Mail
from demo.tour.stops import Stop

REFRESH = Markup('<meta http-equiv="refresh" content="{}">')
STOP = Markup("<li><h2>{title}</h2><p>{text}</p><p>{links}</p></li>")
LINK = Markup('<a href="{address}" target="_blank" rel="noopener">{words}</a>')
ITEM = Markup("<li>{}</li>")
ROW = Markup(
    '<tr><td class="when">{at}</td><td>{to}</td>'
    '<td><a href="/mail/{number}">{subject}</a></td></tr>'
)
# Nothing in it runs, and it cannot reach the page around it. Its links open in a tab of their own.
FRAME = Markup(
    '<iframe title="The mail" src="/mail/{number}/html"'
    ' sandbox="allow-popups allow-popups-to-escape-sandbox"></iframe>'
)
_NOTHING = Markup("")


def starting(lines: Iterable[str]) -> str:
    """Show what the start has done so far."""
    shown = _NOTHING.join(ITEM.format(each) for each in lines if each.strip())
    return _page("Starting", _html("starting").format(lines=shown), refresh=2)


def tour(facts: Mapping[str, str], stops: Sequence[Stop], breaks: Mapping[str, str]) -> str:
    """Show the tour. `facts` are addresses and the log-in, `breaks` addresses by their words."""
    shown = _NOTHING.join(
        STOP.format(title=each.title, text=each.text, links=Markup(" · ").join(_links(each.links)))
        for each in stops
    )
    broken = _NOTHING.join(ITEM.format(each) for each in _links(breaks))
    return _page("Tour", _html("tour").format(**facts, stops=shown, breaks=broken))


def mailbox(mails: Sequence[Mail]) -> str:
    """List the mails, the newest first."""
    rows = _NOTHING.join(
        ROW.format(at=_date(each), to=each.to, number=number, subject=each.subject)
        for number, each in reversed(list(enumerate(mails, 1)))
    )
    body = _html("mailbox").format(count=len(mails), rows=rows)
    return _page("Mailbox", body, width="broad", refresh=10)


def mail(number: int, shown: Mail) -> str:
    """Show one mail."""
    body = _html("mail").format(
        subject=shown.subject,
        to=shown.to,
        at=_date(shown),
        shown=FRAME.format(number=number) if shown.html else "",
        text=shown.text,
    )
    return _page(shown.subject, body, width="broad")


def _page(title: str, body: Markup, *, width: str = "narrow", refresh: int = 0) -> str:
    again = REFRESH.format(refresh) if refresh else ""
    return _html("page").format(title=title, body=body, width=width, refresh=again)


def _html(name: str) -> Markup:
    # Files of this folder, so nothing in them comes from outside.
    return Markup((Path(__file__).parent / "html" / f"{name}.html").read_text())  # noqa: S704


def _links(addresses: Mapping[str, str]) -> list[Markup]:
    return [LINK.format(address=address, words=words) for words, address in addresses.items()]


def _date(mail: Mail) -> str:
    return f"{mail.at:%-d %b %Y, %H:%M} UTC" if mail.at else ""
