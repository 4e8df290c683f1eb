"""Small pieces of HTML for cells and facts. Everything that came from outside is escaped."""

import json
from typing import Any

from django.db.models import Model
from django.urls import reverse
from django.utils.html import format_html

from connect.health import states
from connect.models import Connection, Stage, WaitingOn

GOOD, BUSY, WAIT, BAD, QUIET = "good", "busy", "wait", "bad", "quiet"
_STATE_TONES = {states.IDLE: GOOD, states.PAUSED: QUIET, states.NEED_AUTHENTICATION: WAIT}
_MAPPING_TONES = {states.SYNCED: GOOD}


def badge(text: str, tone: str) -> str:
    """Return a word in a coloured pill."""
    return format_html('<span class="badge badge-{}">{}</span>', tone, text)


def document(value: Any) -> str:
    """Return JSON data, indented, as preformatted text."""
    return preformatted(json.dumps(value, indent=2, ensure_ascii=False))


def preformatted(text: str) -> str:
    """Return text as it is, line breaks kept, nothing in it interpreted."""
    return format_html('<pre class="document">{}</pre>', text)


def link(row: Model, text: str = "") -> str:
    """Return a link to a row's own page."""
    address = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
    return format_html('<a href="{}">{}</a>', address, text or str(row))


def stage(connection: Connection) -> str:
    """Return a connection's stage, coloured by whose move it is."""
    name = connection.get_stage_display()
    if connection.blocked_at:
        return badge(f"Blocked: {name}", BAD)
    return badge(name, _stage_tone(connection))


def _stage_tone(connection: Connection) -> str:
    if connection.stage == Stage.LIVE:
        return GOOD
    if connection.stage == Stage.OFFBOARDED:
        return QUIET
    waits = connection.waiting_on in (WaitingOn.STAFF, WaitingOn.SUBSCRIBER)
    return WAIT if waits else BUSY


def state(word: str) -> str:
    """Return a connection's state in Heroku Connect's own word."""
    if not word:
        return "-"
    return badge(word, BAD if states.is_broken(word) else _STATE_TONES.get(word, BUSY))


def mapping_state(word: str) -> str:
    """Return a mapping's state in Heroku Connect's own word."""
    if states.is_broken_mapping(word):
        return badge(word, BAD)
    return badge(word, _MAPPING_TONES.get(word, BUSY))
