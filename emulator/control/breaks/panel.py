"""The buttons of the page /control/: one card for each break, in the groups of the library."""

from markupsafe import Markup

from emulator.control.breaks.kinds import EVERYTHING, Break
from emulator.control.breaks.library import GROUPS
from emulator.control.breaks.targets import targets
from emulator.web.call import Call

GROUP = Markup(
    '<details class="group"{open}><summary>{name} <span class="muted">{count}</span>{badge}'
    '</summary><div class="cards">{cards}</div></details>'
)
CARD = Markup(
    '<form class="card{broken}" id="{name}" method="post" action="/control/breaks/{name}">'
    '<h3>{title}{badge}</h3><p>{text}</p>{refusal}{selects}<div class="row">{buttons}</div></form>'
)
SELECT = Markup('<label>{label}<select name="{name}">{options}</select></label>')
BUTTON = Markup('<button name="{name}" value="1"{look}{disabled}>{text}</button>')
OPTION = Markup('<option value="{key}"{selected}>{text}</option>')
MAIN = Markup(' class="main"')
INTRODUCTION = Markup(
    '<p class="muted">Each button is one call of <code>/control/breaks</code>, which'
    " docs/emulator.md explains. What is broken stays so until it is fixed.</p>"
)
REFUSED = Markup('<p role="alert"><strong>Nothing was done: {}.</strong></p>')
BROKEN = Markup(' <span class="badge">broken now</span>')


def break_panel(call: Call) -> Markup:
    """Show every break with its button."""
    groups = (_group(call, name, every) for name, every in GROUPS.items())
    return INTRODUCTION + Markup("").join(groups)


def _group(call: Call, name: str, every: tuple[Break, ...]) -> Markup:
    broken = any(each.is_active(call) for each in every)
    is_open = broken or call.request.args.get("open") == name
    return GROUP.format(
        name=name,
        count=len(every),
        badge=BROKEN if broken else "",
        open=Markup(" open") if is_open else "",
        cards=Markup("").join(_card(call, each) for each in every),
    )


def _card(call: Call, each: Break) -> Markup:
    broken, known = each.is_active(call), targets(call, each.on)
    lacking = each.on != EVERYTHING and not known
    selects = [_select(each.on.title(), each.on, known, each.broken(call))] if known else []
    if each.choices:
        selects.append(_select("State", "choice", {state: state for state in each.choices}, []))
    if lacking:
        selects = [Markup('<p class="muted">There is no {} yet.</p>').format(each.on)]
    return CARD.format(
        name=each.name,
        title=each.title,
        text=each.text,
        refusal=_refusal(call, each),
        badge=BROKEN if broken else "",
        broken=" broken" if broken else "",
        selects=Markup("").join(selects),
        buttons=_buttons(each, broken=broken, disabled=Markup(" disabled") if lacking else ""),
    )


def _refusal(call: Call, each: Break) -> Markup:
    said = call.request.args.get("said", "")
    return REFUSED.format(said) if call.request.args.get("refused") == each.name else Markup()


def _buttons(each: Break, *, broken: bool, disabled: str) -> Markup:
    """Offer what makes sense: of several targets some can be broken and others not."""
    can_break = each.on != EVERYTHING or not broken
    can_fix = each.undo is not None and (each.on != EVERYTHING or broken)
    shown = [("break", "Break it")] if can_break else []
    shown += [("fix", "Fix it")] if can_fix else []
    return Markup(" ").join(
        BUTTON.format(name=name, text=text, look=MAIN if first else "", disabled=disabled)
        for first, (name, text) in zip((True, False), shown, strict=False)
    )


def _select(label: str, name: str, options: dict[str, str], broken: list[str]) -> Markup:
    """Choose what is broken, if anything is: it is what a press of “Fix it” means."""
    shown = (
        OPTION.format(
            key=key,
            text=f"{text}, broken now" if key in broken else text,
            selected=Markup(" selected") if key in broken[:1] else "",
        )
        for key, text in options.items()
    )
    return SELECT.format(label=label, name=name, options=Markup("").join(shown))
