"""Times on pages: how long ago, with the exact time for those who point at it or focus it."""

from datetime import UTC, datetime

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import mark_safe

from connect.formats import counted

# The last two in days, because a month and a year have no fixed length. moments.js says the same.
_UNITS = (("year", 365 * 86_400), ("month", 30 * 86_400), ("day", 86_400), ("hour", 3600))
_SMALL = (("minute", 60), ("second", 1))


def span(moment: datetime, now: datetime) -> str:
    """Return the time between two moments in its largest unit, e.g. "5 minutes" or "2 days"."""
    seconds = abs(int((now - moment).total_seconds()))
    name, size = next(unit for unit in (*_UNITS, *_SMALL) if seconds >= unit[1] or unit[1] == 1)
    return counted(seconds // size, name)


def relative(moment: datetime, now: datetime) -> str:
    """Return a moment as people say it, e.g. "5 minutes ago" or "in 2 days"."""
    return f"in {span(moment, now)}" if moment > now else f"{span(moment, now)} ago"


def exact(moment: datetime) -> str:
    """Return a moment in the reader's zone, and in UTC beside it where that differs."""
    here, utc = timezone.localtime(moment), moment.astimezone(UTC)
    text = f"{here:%-d %b %Y, %H:%M:%S %Z}"
    if here.utcoffset() == utc.utcoffset():
        return text
    day = "" if here.date() == utc.date() else f"{utc:%-d %b} "
    return f"{text} ({day}{utc:%H:%M:%S} UTC)"


def element(
    moment: datetime | None, form: str = "ago", *, alone: bool = False, none: str = "-"
) -> str:
    """Return a <time> element; `none` for no moment.

    `form` is "ago", or "span" for the length alone, e.g. after "for", or "due" for what comes: that
    is "now" and never past. `alone` makes it a tab stop: for one that stands in no link and in no
    row that can have the focus.
    """
    if moment is None:
        return none
    now = timezone.now()
    text = _text(moment, form, now)
    stop = mark_safe(' tabindex="0"') if alone else ""
    return format_html(
        '<time class="moment" datetime="{}" data-form="{}" title="{}"{}>{}</time>',
        *(moment.isoformat(), form, exact(moment), stop, text),
    )


def _text(moment: datetime, form: str, now: datetime) -> str:
    if form == "span":
        return span(moment, now)
    return "now" if form == "due" and moment <= now else relative(moment, now)


def both(moment: datetime | None) -> str:
    """Return how long ago and the exact time: for a page of one row, which has the room."""
    if moment is None:
        return "-"
    return format_html('{} <span class="when">{}</span>', element(moment), exact(moment))
