"""The states of connections and mappings, as Heroku Connect's documentation names them.

A word that is not listed here is shown as it is and breaks nothing.
"""

NEW = "NEW"
NEED_AUTHENTICATION = "NEED_AUTHENTICATION"
IDLE = "IDLE"
IMPORTING = "IMPORT_CONFIGURATION"
PAUSED = "PAUSED"
SYNCED = "DATA_SYNCED"

_ADVICE = {
    "SYSTEM_ERROR": "restart the connection; if it comes back, open a ticket with Heroku.",
    "DB_UNAVAILABLE": "check that Postgres is reachable and the schema complete, then restart.",
    "TOO_MANY_ROWS": "the plan's row limit is passed: remove rows or mappings, or upgrade.",
    "UNAUTHORIZED": "Salesforce refused the grant: the admin has to authorize again.",
    "HEROKU_UNAUTH": "Heroku Connect lost its access to the app: check the app's collaborators.",
    "INACTIVE_ORG": "the Salesforce org is inactive or locked.",
    "SYSTEM_ON_ICE": "shelved for inactivity: open a ticket with Heroku.",
}

_BROKEN_MAPPING = {
    "BULK_LOAD_ERROR",
    "SYSTEM_ERROR",
    "DB_UNAVAILABLE",
    "BAD_CONFIG",
    "SYNC_REMOVED",
    "INACTIVE_ORG",
    "UNAUTHORIZED",
}


def is_broken(state: str) -> bool:
    """Tell whether a connection in this state needs somebody to act."""
    return state in _ADVICE


def advice(state: str) -> str:
    """Return what to do about a broken connection."""
    return _ADVICE[state]


def is_broken_mapping(state: str) -> bool:
    """Tell whether a mapping in this state stays so until somebody acts."""
    return state in _BROKEN_MAPPING


def broken() -> frozenset[str]:
    """Return the states in which a connection stays until somebody acts."""
    return frozenset(_ADVICE)
