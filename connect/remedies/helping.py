"""Which actions cannot help against a block, so that staff are not offered them."""

from connect.formats import in_sentence
from connect.models import WAITS_FOR_CAP, WAITS_FOR_END, WAITS_FOR_ROOM, BlockedKind
from connect.remedies.blocked import BLOCKED
from connect.remedies.waits import CAPPED, NO_ROOM


def refusal_to_retry(kind: BlockedKind) -> str:
    """Return why another try would only be blocked again, or ""."""
    remedy = BLOCKED[kind]
    return _instead("trying again", remedy.do) if remedy.action == "start_over" else ""


def refusal_to_retry_wait(waiting_for: str) -> str:
    """Return why another try would only wait for the same again, or ""."""
    if waiting_for == WAITS_FOR_END:
        return "it waits for the end of the grace period"
    if waiting_for == WAITS_FOR_CAP:
        return _instead("trying again", CAPPED.do)
    if waiting_for.startswith(WAITS_FOR_ROOM):
        return _instead("trying again", NO_ROOM.do)
    return ""


def refusal_to_restart(kind: BlockedKind) -> str:
    """Return why a restart at Heroku Connect would change nothing, or ""."""
    remedy = BLOCKED[kind]
    return "" if remedy.action == "restart" else _instead("a restart", remedy.do)


def _instead(what: str, do: str) -> str:
    return f"{what} cannot help: {in_sentence(do.rstrip('.'))}"
