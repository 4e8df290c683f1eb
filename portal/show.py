"""HTML for cells and facts. All outside text is escaped."""

import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.db.models import Model
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe
from django.utils.timezone import localtime

from connect.health import states
from connect.models import Condition, Connection
from connect.operations.base import OperationOutcome
from connect.standing import Standing, Tone
from tenants.models import EventKind, MessageStatus

GOOD, BUSY, WAIT, BAD, MUTED = Tone.GOOD, Tone.BUSY, Tone.WAIT, Tone.BAD, Tone.MUTED
CONDITION_TONES = {
    Condition.HEALTHY: GOOD,
    Condition.WORKING: BUSY,
    Condition.PAUSED: MUTED,
    Condition.DEGRADED: WAIT,
    Condition.UNKNOWN: WAIT,
    Condition.BROKEN: BAD,
    Condition.NEEDS_AUTHORIZATION: BAD,
}
MESSAGE_TONES = {
    MessageStatus.QUEUED: BUSY,
    MessageStatus.SENT: GOOD,
    MessageStatus.DELIVERED: GOOD,
    MessageStatus.FAILED: BAD,
    MessageStatus.BOUNCED: BAD,
    MessageStatus.HELD: WAIT,
}
EVENT_TONES = {
    EventKind.RETURNED: WAIT,
    EventKind.CONFLICT: BAD,
    EventKind.CONSENT_REFUSED: BAD,
    EventKind.GRANT_LOST: BAD,
    EventKind.BLOCKED: BAD,
    EventKind.TROUBLE: WAIT,
    EventKind.WAITING: WAIT,
    EventKind.STAFF_ACTION: BUSY,
    EventKind.APPROVED: GOOD,
    EventKind.CONSENTED: GOOD,
    EventKind.AUTHORIZED: GOOD,
    EventKind.LIVE: GOOD,
}

OUTCOME_TONES = {
    OperationOutcome.PARTLY: WAIT,
    OperationOutcome.SKIPPED: WAIT,
    OperationOutcome.FAILED: BAD,
}


@dataclass(frozen=True)
class Look:
    """How a condition looks on every page. `order` is 0 for the best one."""

    condition: Condition
    label: str
    tone: str
    order: int


def look(condition: str) -> Look:
    """Return a condition's label, tone and order: the only place that decides them."""
    found = Condition(condition)
    return Look(found, str(found.label), CONDITION_TONES[found], list(Condition).index(found))


def badge(text: str, tone: str) -> str:
    """Return a word in a coloured pill."""
    return format_html('<span class="badge badge-{}">{}</span>', tone, text)


def document(value: Any) -> str:
    """Return JSON data, indented, as preformatted text."""
    return preformatted(json.dumps(value, indent=2, ensure_ascii=False))


def preformatted(text: str) -> str:
    """Return preformatted text, escaped."""
    return format_html('<pre class="document">{}</pre>', text)


def copied(name: str, what: str, value: str) -> str:
    """Return an id with a button that copies it; `name` is unique on the page. "" for no id."""
    if not value:
        return ""
    return format_html(
        '<span class="copied"><code id="copied-{0}">{2}</code> <button type="button" '
        'class="copy-button" id="copy-{0}" data-copies="copied-{0}" aria-label="Copy the {1}">'
        "Copy</button></span>",
        *(name, what, value),
    )


def yes_or_no(value: bool | None) -> str:
    """Return what is true or not as a word; "-" where it is not known."""
    return "-" if value is None else "Yes" if value else "No"


def number(value: int | None) -> str:
    """Return a number with thousands separators; "-" where it is not known."""
    return "-" if value is None else f"{value:,}"


def whole_email(address: str) -> str:
    """Return an e-mail address that a line may break after "@" and "." alone."""
    return _in_parts(address, r"[^@.]*[@.]|[^@.]+") or "-"


def whole_link(address: str) -> str:
    """Return an outside address, as a link if it is https, broken after "." and "/" alone."""
    parts = _in_parts(address, r"[^./]*[./]+|[^./]+")
    return _to_outside(address, parts) if _is_https(address) else parts or "-"


def dotted(name: str) -> str:
    """Return the name of a function that a line may break after "." alone."""
    return _in_parts(name, r"[^.]*\.|[^.]+")


def _in_parts(text: str, parts: str) -> str:
    whole = '<span class="whole">{}</span>'  # else a line may break at a hyphen
    found = ((each,) for each in re.findall(parts, text))
    return format_html_join(mark_safe("<wbr>"), whole, found)


def breakable(text: str) -> str:
    """Return a text in which long names may break after an underscore, e.g. FIELD_MISSING."""
    return format_html_join(mark_safe("_<wbr>"), "{}", ((part,) for part in text.split("_")))


def identifier(text: str) -> str:
    """Return an id, which is never broken."""
    return format_html('<span class="id">{}</span>', text)


def lines(*texts: str) -> str:
    """Return texts below each other, the later ones quieter, for a cell of a list."""
    rows = format_html_join("", "<span>{}</span>", ((each,) for each in texts if each))
    return format_html('<span class="lines">{}</span>', rows)


def connection(row: Connection | None) -> str:
    """Return whose connection it is, with its generation if it is not the first."""
    if row is None:
        return "-"
    first = row.generation == 1
    return str(row.tenant) if first else lines(str(row.tenant), f"generation {row.generation}")


def link(row: Model, text: str = "") -> str:
    """Return a link to a row's own page."""
    address = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
    return link_to(address, text or str(row))


def link_to(address: str, text: str) -> str:
    """Return a link."""
    return format_html('<a href="{}">{}</a>', address, text)


def outside_link(address: str, text: str) -> str:
    """Return a link to an address that a peer gave, or the address as text if it is not https."""
    return _to_outside(address, text) if _is_https(address) else format_html("({})", address)


def _is_https(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname) and parts.username is None


def _to_outside(address: str, text: str) -> str:
    return format_html('<a href="{}" rel="noreferrer noopener">{}</a>', address, text)


def standing(found: Standing) -> str:
    """Return how a connection stands as a badge, with healing and a snooze beside it."""
    shown = [badge(found.label, found.tone)]
    if found.is_healing:
        shown.append(badge("Healing", BUSY))
    if found.snoozed_until:
        shown.append(badge(f"Snoozed until {localtime(found.snoozed_until):%-d %b %H:%M}", MUTED))
    return format_html_join(" ", "{}", ((each,) for each in shown))


def state_of(row: Connection) -> str:
    """Return a connection's state. Waiting for the first authorization is not red."""
    is_first = row.state == states.NEED_AUTHENTICATION and row.authorized_at is None
    return badge(row.state, WAIT) if is_first else state(row.state)


def state(word: str) -> str:
    """Return a connection's state in Heroku Connect's term."""
    return badge(word, state_tone(word)) if word else "-"


def state_tone(word: str) -> str:
    """Return the tone of the condition that a connection's state means."""
    return look(states.of_connection(word)).tone


def mapping_state(word: str) -> str:
    """Return a mapping's state in Heroku Connect's term."""
    return badge(word, mapping_tone(word))


def mapping_tone(word: str) -> str:
    """Return the tone of the condition that a mapping's state means."""
    return look(states.of_mapping(word)).tone


def outcome(word: str | None) -> str:
    """Return a badge for an action that is not wholly done, "" for any other event."""
    if word not in OUTCOME_TONES:
        return ""
    return badge(OperationOutcome(word).label, OUTCOME_TONES[OperationOutcome(word)])


def message_status(status: str) -> str:
    """Return the status of an e-mail as a badge."""
    return badge(MessageStatus(status).label, MESSAGE_TONES[MessageStatus(status)])
