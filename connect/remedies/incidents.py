"""The remedy of each kind of incident, for staff. connect.health.healing has the portal's own.

Restart is named only where Heroku Connect's documentation names it.
"""

from connect.models import Incident, IncidentStatus
from connect.models import IncidentKind as K
from connect.remedies.remedy import By, Page, Remedy, nothing, press, visit
from connect.remedies.waits import RECOVERING

_CLOSES = "The incident closes automatically a few minutes after that."

INCIDENTS: dict[K, Remedy] = {
    K.UNAUTHORIZED: press(
        "reauthorize",
        By.OPERATOR,
        "Ask the admin to authorize Heroku Connect again.",
        f"The admin gets a link by e-mail; synchronization continues when they have used it. "
        f"{_CLOSES}",
    ),
    K.SYSTEM_ERROR: press(
        "restart",
        By.OPERATOR,
        "Restart the connection. If the error returns, open a ticket with Heroku.",
        f"Heroku Connect clears the error and continues. {_CLOSES}",
    ),
    K.DB_UNAVAILABLE: press(
        "restart",
        By.OPERATOR,
        "Check that Postgres is reachable, then restart the connection.",
        f"Heroku Connect connects to the database again. {_CLOSES}",
    ),
    K.TOO_MANY_ROWS: visit(
        Page.HEROKU_ADDONS,
        By.MANAGER,
        "Upgrade the add-on's plan, or delete rows or mappings.",
        f"Heroku Connect continues when the rows fit the plan. {_CLOSES}",
    ),
    K.HEROKU_UNAUTH: press(
        "link",
        By.OPERATOR,
        "Link the connection again, and check who has access to the app.",
        f"Heroku Connect gets its access to the app back. {_CLOSES}",
    ),
    K.INACTIVE_ORG: visit(
        Page.ADMIN_MAIL,
        By.OPERATOR,
        "Ask the admin to have the org unlocked. If it is gone for good, off-board the tenant.",
        f"Heroku Connect continues when the org answers. {_CLOSES}",
    ),
    K.SHELVED: visit(
        Page.HEROKU_SUPPORT,
        By.MANAGER,
        "Ask Heroku to bring the connection back.",
        "It comes back paused. Then press “Resume”.",
    ),
    K.PAUSED: press(
        "resume",
        By.OPERATOR,
        "Resume the connection.",
        f"Heroku Connect sends the changes that have waited. {_CLOSES}",
    ),
    K.MAPPING: visit(
        Page.MAPPINGS,
        By.OPERATOR,
        "Open the failing mapping: “Diagnose” says why. Edit its fields or reload it.",
        f"Heroku Connect loads it again. {_CLOSES}",
    ),
    K.STRANGE_STATE: press(
        "diagnose",
        By.OPERATOR,
        "Let Heroku Connect diagnose the connection.",
        "The result is on the tenant's page within minutes.",
    ),
    K.WRONG_ORG: press(
        "start_over",
        By.MANAGER,
        "Start over at once: data of another org is written to this tenant's schema. Choose to "
        "drop the schema.",
        "Synchronization ends, the add-on is deleted and a new one is made. The admin gets a new "
        "link to authorize it.",
    ),
    K.UNSEEN: press(
        "refresh",
        By.OPERATOR,
        "Ask Heroku Connect for the state again.",
        f"The page shows the state that it answers. {_CLOSES}",
    ),
    K.STUCK_WRITES: press(
        "diagnose",
        By.OPERATOR,
        "Let Heroku Connect diagnose the connection.",
        "The result is on the tenant's page within minutes.",
    ),
    K.WRITE_ERRORS: visit(
        Page.WRITE_ERRORS,
        By.OPERATOR,
        "Open its write errors. Correct the cause, then retry or ignore them there.",
        "The incident closes when no failed write is left.",
    ),
    K.TABLES_MISSING: press(
        "start_over",
        By.MANAGER,
        "Start over: Heroku Connect does not make its system tables a second time.",
        "The add-on is deleted and a new one is made. The admin gets a new link to authorize it.",
    ),
    K.GRANT_LOST: press(
        "resend",
        By.OPERATOR,
        "Ask the admin to sign in to Salesforce again.",
        f"The admin gets a link by e-mail. {_CLOSES}",
    ),
    K.UNINSTALLED: visit(
        Page.ADMIN_MAIL,
        By.OPERATOR,
        "Ask the admin whether they uninstalled the package. If so, off-board the tenant.",
        "The incident closes when the package answers again.",
    ),
    K.REGION: nothing(
        "The portal asks the region every few minutes, and the incident closes when it answers.",
        Page.HEROKU_STATUS,
    ),
    K.TOKEN: visit(
        Page.HEROKU_SETTINGS,
        By.MANAGER,
        "Set HEROKU_API_TOKEN to a valid token.",
        "The portal continues within ten minutes, and the incident closes.",
    ),
    K.LIST_REFUSED: visit(
        Page.HEROKU_ACCESS,
        By.MANAGER,
        "See that the portal's user has access to the app that owns the add-ons.",
        "Until the region lists its connections again, the portal reads each by a call of its own. "
        "Then the incident closes.",
    ),
    K.STALE: visit(
        Page.QUEUE,
        By.OPERATOR,
        "See that the worker runs, and what failed in the queue.",
        "The incident closes when all live connections have been looked at again.",
    ),
    K.DATABASE: visit(
        Page.HEROKU_ADDONS,
        By.MANAGER,
        "See that the tenants' Postgres runs and accepts connections.",
        "The portal restarts the connections at once and after 10, 30 and 120 minutes. The "
        "incident closes when all of them work again.",
    ),
}

SUSPECTED = nothing("The portal looks again within a minute.")
OVER = nothing("It is over.")


def of_incident(incident: Incident) -> Remedy:
    """Return what is to be done about an incident as it stands now."""
    match incident.status:
        case IncidentStatus.CLOSED:
            return OVER
        case IncidentStatus.SUSPECTED:
            return SUSPECTED
    return RECOVERING if incident.absent_since else INCIDENTS[K(incident.kind)]
