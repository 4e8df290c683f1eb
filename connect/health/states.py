"""The states of connections and mappings, as Heroku Connect's documentation names them.

Each state belongs to one of seven conditions. A state that is not listed is shown unchanged and
counts as unknown.
"""

from collections.abc import Iterable

from connect.models import BlockedKind, Condition
from connect.runner.outcomes import Blocked

NEW = "NEW"
NEED_AUTHENTICATION = "NEED_AUTHENTICATION"
IDLE = "IDLE"
IMPORTING = "IMPORT_CONFIGURATION"
PAUSED = "PAUSED"
UNAUTHORIZED = "UNAUTHORIZED"
HEROKU_UNAUTH = "HEROKU_UNAUTH"
SYNCED = "DATA_SYNCED"
SUMMARY_OK = "OK"


WELL = (Condition.HEALTHY, Condition.WORKING)

CONNECTIONS = {
    NEW: Condition.WORKING,
    NEED_AUTHENTICATION: Condition.NEEDS_AUTHORIZATION,
    IDLE: Condition.HEALTHY,
    "POLLING_DB_CHANGES": Condition.HEALTHY,
    IMPORTING: Condition.WORKING,
    "BUSY": Condition.WORKING,
    "RECOVERY": Condition.WORKING,
    PAUSED: Condition.PAUSED,
    "SYSTEM_ERROR": Condition.BROKEN,
    "DB_UNAVAILABLE": Condition.BROKEN,
    "TOO_MANY_ROWS": Condition.BROKEN,
    UNAUTHORIZED: Condition.NEEDS_AUTHORIZATION,
    HEROKU_UNAUTH: Condition.BROKEN,
    "INACTIVE_ORG": Condition.BROKEN,
    "SYSTEM_ON_ICE": Condition.BROKEN,
    "ICED": Condition.BROKEN,
}

MAPPINGS = {
    SYNCED: Condition.HEALTHY,
    **dict.fromkeys(
        (
            "INITIAL",
            "SCHEMA_CHANGED",
            "RESYNC",
            "RELOAD_TABLE",
            "POLLING_SF_CHANGES",
            "POLLING_SF_BULK",
            "POLLING_SF_FOR_DELETES",
            "WAIT_BULK_LOAD",
            "LOADING_BULK_JOB",
            "RESOLVE_EXTERNAL_IDS",
            "POLL_EXTERNAL_IDS",
            "WAIT_BULK_UPDATE",
            "APPLYING_BULK_UPDATE",
            "RECOVERY",
        ),
        Condition.WORKING,
    ),
    # django-heroku-connect counts it as OK, so it is a warning and no failure.
    "ABORTED": Condition.DEGRADED,
    **dict.fromkeys(
        (
            "BULK_LOAD_ERROR",
            "SYSTEM_ERROR",
            "DB_UNAVAILABLE",
            "BAD_CONFIG",
            "SYNC_REMOVED",
            "INACTIVE_ORG",
        ),
        Condition.BROKEN,
    ),
    UNAUTHORIZED: Condition.NEEDS_AUTHORIZATION,
}

# Narrower than WORKING: polling and writing go on for ever and are not waited for.
LOADING_MAPPING = {
    "INITIAL",
    "SCHEMA_CHANGED",
    "RESYNC",
    "RELOAD_TABLE",
    "WAIT_BULK_LOAD",
    "LOADING_BULK_JOB",
    "RESOLVE_EXTERNAL_IDS",
    "POLL_EXTERNAL_IDS",
    "RECOVERY",
}

_AUTHORIZE_AGAIN = "Salesforce refused the grant: the admin has to authorize again."
_MEANINGS = {
    NEED_AUTHENTICATION: _AUTHORIZE_AGAIN,
    "SYSTEM_ERROR": "An error of Heroku Connect's own has stopped it.",
    "DB_UNAVAILABLE": "Postgres cannot be reached, or the schema is incomplete.",
    "TOO_MANY_ROWS": "The plan's row limit is passed.",
    UNAUTHORIZED: _AUTHORIZE_AGAIN,
    HEROKU_UNAUTH: "Heroku Connect lost its access to the app.",
    "INACTIVE_ORG": "The Salesforce org is inactive or locked.",
    "SYSTEM_ON_ICE": "It was shelved for inactivity.",
    "ICED": "It was shelved for inactivity.",
}

# Without NEED_AUTHENTICATION: the first authorization is a step of provisioning, and no trouble.
_BLOCKED = {
    UNAUTHORIZED: BlockedKind.AUTHORIZATION_LOST,
    "SYSTEM_ERROR": BlockedKind.SYSTEM_ERROR,
    "DB_UNAVAILABLE": BlockedKind.DATABASE,
    "TOO_MANY_ROWS": BlockedKind.ROW_LIMIT,
    HEROKU_UNAUTH: BlockedKind.HEROKU_ACCESS,
    "INACTIVE_ORG": BlockedKind.ORG_INACTIVE,
    "SYSTEM_ON_ICE": BlockedKind.SHELVED,
    "ICED": BlockedKind.SHELVED,
}


def of_connection(state: str) -> Condition:
    """Return the condition that a connection's own state means. Its mappings are left out."""
    return CONNECTIONS.get(state, Condition.UNKNOWN)


def of_mapping(state: str) -> Condition:
    """Return the condition of a mapping in this state."""
    return MAPPINGS.get(state, Condition.UNKNOWN)


def overall(state: str, mappings: Iterable[str]) -> Condition:
    """Return a connection's condition from its own state and those of its mappings.

    Its own problem comes first. If some mappings are broken it is degraded; if all are, it is
    broken.
    """
    own = of_connection(state)
    if own not in WELL:
        return own
    found = {of_mapping(each) for each in mappings}
    if found and found <= {Condition.BROKEN, Condition.NEEDS_AUTHORIZATION}:
        return Condition.BROKEN
    if found & {Condition.BROKEN, Condition.NEEDS_AUTHORIZATION, Condition.DEGRADED}:
        return Condition.DEGRADED
    if Condition.UNKNOWN in found:
        return Condition.UNKNOWN
    return Condition.WORKING if Condition.WORKING in found else own


def lacks_authorization(state: str) -> bool:
    """Return whether a connection in this state waits for someone to sign in to Salesforce."""
    return of_connection(state) == Condition.NEEDS_AUTHORIZATION


def is_broken(state: str) -> bool:
    """Return whether a connection in this state needs a person to act."""
    return state in _BLOCKED


def meaning(state: str) -> str:
    """Return what is wrong with a connection in this state; "" if nothing is.

    What to do about it is in connect.remedies.
    """
    return _MEANINGS.get(state, "")


def as_blocked(state: str) -> Blocked:
    """Return the block of work that this broken state makes impossible."""
    return Blocked(_BLOCKED[state], f"Heroku Connect reports {state}: {meaning(state)}")


def is_broken_mapping(state: str) -> bool:
    """Return whether a mapping in this state stays so until a person acts."""
    return of_mapping(state) in (Condition.BROKEN, Condition.NEEDS_AUTHORIZATION)


def is_loading_mapping(state: str) -> bool:
    """Return whether a mapping in this state is still being made, changed or loaded."""
    return state in LOADING_MAPPING
