"""Pages for people, and for programs that use them like people: plain forms, no JavaScript.

Every page has its name in `data-page` of its body. Forms post to the page's own URL, so that the
query stays.
"""

from collections.abc import Iterable

from markupsafe import Markup
from werkzeug.wrappers import Response

from emulator.web.answers import html

STYLE = Markup("""
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0; background: Canvas; color: CanvasText; }
header { padding: .8rem 1.5rem; background: var(--brand); color: #fff; font-weight: 600; }
main { max-width: var(--width, 30rem); margin: 3rem auto; padding: 0 1.5rem; }
h1 { font-size: 1.35rem; margin: 0 0 .75rem; }
label { display: block; margin: .75rem 0 .2rem; font-size: .9rem; }
input { width: 100%; box-sizing: border-box; padding: .55rem; font: inherit;
  border: 1px solid #8888; border-radius: 6px; }
button { padding: .55rem 1rem; font: inherit; border: 1px solid #8888; border-radius: 6px;
  background: transparent; color: inherit; cursor: pointer; }
button.main { background: var(--brand); border-color: var(--brand); color: #fff; }
.users button { display: block; width: 100%; text-align: left; margin: .5rem 0; }
.row { display: flex; gap: .75rem; margin-top: 1.25rem; }
.muted { opacity: .7; font-size: .85rem; }
.wide { overflow-x: auto; margin: .5rem 0 2rem; }
table { border-collapse: collapse; width: 100%; font-size: .85rem; }
th, td { text-align: left; padding: .35rem .6rem; border-bottom: 1px solid #8884;
  vertical-align: top; }
th { white-space: nowrap; }
h2 { font-size: 1.1rem; margin: 0 0 .5rem; }
h3 { font-size: .95rem; margin: 0 0 .25rem; }
select { width: 100%; box-sizing: border-box; padding: .45rem; font: inherit; color: inherit;
  background: Canvas; border: 1px solid #8888; border-radius: 6px; }
.group { border: 1px solid #8884; border-radius: 8px; margin: 0 0 .75rem; }
.group summary { padding: .7rem 1rem; font-weight: 600; cursor: pointer; }
.group:last-of-type { margin-bottom: 2rem; }
.cards { display: grid; gap: .75rem; padding: 0 1rem 1rem;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 17rem), 1fr)); }
.card { display: flex; flex-direction: column; padding: .8rem 1rem; border: 1px solid #8884;
  border-radius: 8px; min-width: 0; }
.card p { margin: 0; font-size: .85rem; }
.card .row { margin-top: auto; padding-top: .8rem; }
.card.broken { border-color: #c2410c; }
.badge { font-size: .75rem; font-weight: 600; padding: .1rem .45rem; border-radius: 1rem;
  background: #c2410c; color: #fff; white-space: nowrap; }
""")
PAGE = Markup("""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><style>{style}</style></head>
<body data-page="{name}" style="--brand: {color}; --width: {width}">
<header>{brand} <span class="muted">emulated</span></header><main>
<h1>{title}</h1>{body}</main></body></html>
""")
HEROKU, SALESFORCE = ("Heroku", "#6762a6"), ("Salesforce", "#0b5cab")


def page(
    name: str,
    title: str,
    body: Markup,
    brand: tuple[str, str] = HEROKU,
    *,
    status: int = 200,
    width: str = "30rem",
) -> Response:
    """Answer with a page; `brand` is a name and a colour."""
    return html(
        PAGE.format(
            name=name,
            title=title,
            body=body,
            brand=brand[0],
            color=brand[1],
            style=STYLE,
            width=width,
        ),
        status,
    )


def message(
    name: str, title: str, text: str, brand: tuple[str, str] = HEROKU, status: int = 400
) -> Response:
    """Answer with a page of one sentence."""
    return page(name, title, Markup("<p>{}</p>").format(text), brand, status=status)


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> Markup:
    """A table; cells are escaped unless they are Markup, and None is an empty cell."""
    heads = Markup("").join(Markup("<th>{}</th>").format(each) for each in head)
    lines = [
        Markup("<tr>{}</tr>").format(
            Markup("").join(
                Markup("<td>{}</td>").format("" if cell is None else cell) for cell in row
            )
        )
        for row in rows
    ]
    return Markup('<div class="wide"><table><tr>{}</tr>{}</table></div>').format(
        heads, Markup("").join(lines)
    )
