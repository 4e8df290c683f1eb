"""What Heroku Connect says about mappings that fail, with the portal’s advice."""

from collections.abc import Iterable, Iterator

from connect.clients import heroku_health, heroku_mappings, http
from connect.clients.accounts import remote_of
from connect.clients.connection_detail import MappingDetail
from connect.models import Connection

MAPPING_ERROR = "mapping-error"
MAX_NOTIFICATIONS = 5  # the newest; more would hide the others
NOTHING_SAID = ("", "OK")
# Each state of a mapping that fails, and what to do about it.
_ADVICE = {
    "BAD_CONFIG": "Compare the mapping with the org: take out what it lacks, or add it there.",
    "BULK_LOAD_ERROR": "Reload the mapping; if that fails again, ask Heroku's support.",
    "DB_UNAVAILABLE": "See that the database answers, then restart the connection.",
    "UNAUTHORIZED": "The org's admin has to authorize Heroku Connect again.",
}
_OTHERWISE = "Diagnose the mapping."


def state_and_words(name: str, state: str, description: str) -> str:
    """Return an object with its state and, if any, Heroku Connect's words about it."""
    if description in NOTHING_SAID:
        return f"{name} ({state})"
    return f"{name} ({state}): “{description.rstrip('.')}.”"


def advice(states: Iterable[str]) -> str:
    """Return what to do about mappings in these states."""
    return " ".join(dict.fromkeys(_ADVICE.get(state, _OTHERWISE) for state in states))


def of_broken(connection: Connection, broken: Iterable[MappingDetail]) -> str:
    """Return what Heroku Connect says of a connection's broken mappings, and the advice.

    Its diagnosis and its notifications are asked for. Without an answer, the words of the states
    have to do.
    """
    found = list(broken)
    said = [state_and_words(each.object_name, each.state, each.description) for each in found]
    text = "; ".join(said)
    for more in (*_diagnosed(connection, found), *_notified(connection, found)):
        # Both often repeat the state's words.
        if more.rstrip(".") not in text and text.find(more.partition(": ")[2].rstrip(".")) < 0:
            text += f" {more}"
    return f"{text.rstrip('.')}. {advice(each.state for each in found)}"


def _diagnosed(connection: Connection, broken: Iterable[MappingDetail]) -> Iterator[str]:
    for each in broken:
        try:
            yield from heroku_mappings.diagnose_mapping(remote_of(connection), each.id).errors
        except http.RemoteError:
            return


def _notified(connection: Connection, broken: Iterable[MappingDetail]) -> Iterator[str]:
    names = tuple(f"{each.object_name}:" for each in broken)
    try:
        found = heroku_health.notifications(remote_of(connection))
    except http.RemoteError:
        return
    for each in found[:MAX_NOTIFICATIONS]:
        if each.event_type == MAPPING_ERROR and each.message.startswith(names):
            yield each.message
