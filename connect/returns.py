"""The admin's return from Heroku Connect, and what the next look shows, on the timeline.

Heroku Connect tells nobody what was pressed there. Only a look shows whether it is authorized.
"""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from tenants import timeline
from tenants.models import EventKind, Tenant

NOTE_AGAIN_AFTER = timedelta(minutes=1)  # a reload of the page is not another return
ANSWERED_WITHIN = timedelta(hours=1)  # after that, a look says nothing of the return any more
_KEY = "authorization"
_ASKED, _GIVEN, _MISSING = "asked", "given", "missing"
_RESULTS = {
    _GIVEN: (EventKind.AUTHORIZED, "it is authorized."),
    _MISSING: (
        EventKind.WAITING,
        "it is not authorized. The admin denied the access, or did not finish.",
    ),
}


def note(tenant: Tenant) -> None:
    """Note that the admin came back, once for several loads of the page."""
    if _is_open(tenant, NOTE_AGAIN_AFTER):
        return
    text = "The admin came back from Heroku Connect. The portal looks whether they authorized it."
    timeline.note(tenant, EventKind.WAITING, text, actor=timeline.SUBSCRIBER, **{_KEY: _ASKED})


def note_look(tenant: Tenant, *, is_authorized: bool) -> None:
    """Note what the first look after a return shows; nothing if nobody has come back lately."""
    if not _is_open(tenant, ANSWERED_WITHIN):
        return
    result = _GIVEN if is_authorized else _MISSING
    kind, text = _RESULTS[result]
    text = f"The portal looked at Heroku Connect after the admin's return: {text}"
    timeline.note(tenant, kind, text, **{_KEY: result})


def _is_open(tenant: Tenant, within: timedelta) -> bool:
    """Return whether the admin came back so lately, and the timeline has no result of it yet."""
    lately = tenant.events.filter(at__gt=timezone.now() - within)
    # The step that waits for the first authorization notes it without our key.
    known = Q(kind=EventKind.WAITING, data__has_key=_KEY) | Q(kind=EventKind.AUTHORIZED)
    last = lately.filter(known).first()
    return last is not None and last.data.get(_KEY) == _ASKED
