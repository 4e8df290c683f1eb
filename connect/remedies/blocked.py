"""The remedy of each kind of block. Retry is named only where it can change something."""

from dataclasses import replace

from connect.models import BlockedKind as K
from connect.remedies.remedy import By, Page, Remedy, press, visit

_THEN_RETRY = "Then press “Retry provisioning”: the portal continues where it stopped."
_NEXT_GENERATION = (
    "The add-on is deleted and a new one is made. The portal continues automatically until "
    "the admin has to authorize it, and mails them a new link."
)

_RETRY_ITEM = "Then press “Retry failed” on the roll-out's page."


def _retry(do: str) -> Remedy:
    return press("retry", By.OPERATOR, do, "The portal continues where it stopped.")


def _start_over(do: str) -> Remedy:
    return press("start_over", By.MANAGER, do, _NEXT_GENERATION)


BLOCKED: dict[K, Remedy] = {
    K.WRONG_ORG: _start_over(
        "Start over: a connection can never change its org. Tell the admin to sign in to their own "
        "org this time."
    ),
    K.OTHER_SCHEMA: _start_over("Start over: a connection can never change its schema."),
    K.ADDON_FAILED: _start_over("Start over: Heroku does not repair this add-on."),
    K.NAME_TAKEN: _start_over("Start over: the next add-on has another name."),
    K.OVERWRITES: press(
        "overwrite",
        By.MANAGER,
        "Look at the app's config vars and attachments at Heroku: what the reason names must not "
        "be in use. Then allow that it is overwritten.",
        "The add-on is ordered with Heroku's confirmation, and the portal continues.",
    ),
    K.ISV_REFUSED: _retry("Do what the reason says."),
    K.NO_VERSION: visit(
        Page.MAPPING_VERSIONS, By.MANAGER, "Add a mapping version for new tenants.", _THEN_RETRY
    ),
    K.MAPPINGS_REFUSED: visit(
        Page.MAPPING_VERSIONS,
        By.MANAGER,
        "See that the org has what the reason names: the package may be missing or old. If the "
        "version is wrong, add a corrected one and make it the one for new tenants.",
        _THEN_RETRY,
    ),
    K.MAPPING_BROKEN: press(
        "import_mappings",
        By.OPERATOR,
        "See that the org has the objects and fields: the package may be missing or old. Then "
        "import the mappings again.",
        "The version for new tenants is sent again and loaded.",
    ),
    K.IMPORT_IGNORED: press(
        "diagnose",
        By.OPERATOR,
        "Let Heroku Connect diagnose the connection, and correct the version.",
        "The diagnosis is on the tenant's page within minutes.",
    ),
    K.UNSAFE_CHANGE: visit(
        Page.MAPPINGS,
        By.OPERATOR,
        "Correct the named mappings first.",
        _RETRY_ITEM,
    ),
    K.NOT_LIVE: _retry("Bring the connection to live first."),
    K.PAUSED: press("resume", By.OPERATOR, "Resume the connection.", _RETRY_ITEM),
    K.AUTHORIZATION_LOST: press(
        "reauthorize",
        By.OPERATOR,
        "Ask the admin to authorize Heroku Connect again.",
        "The admin gets a link by e-mail. When they have authorized, try again.",
    ),
    K.SYSTEM_ERROR: press(
        "restart",
        By.OPERATOR,
        "Restart the connection.",
        "Heroku Connect starts it again, and the portal continues. If the error returns, open a "
        "ticket with Heroku.",
    ),
    K.DATABASE: press(
        "restart",
        By.OPERATOR,
        "Check that Postgres is reachable, then restart the connection.",
        "Heroku Connect starts it again, and the portal continues.",
    ),
    K.ROW_LIMIT: visit(
        Page.HEROKU_ADDONS,
        By.MANAGER,
        "Upgrade the add-on's plan, or delete rows or mappings.",
        _THEN_RETRY,
    ),
    K.HEROKU_ACCESS: press(
        "link",
        By.OPERATOR,
        "Link the connection again.",
        "Heroku Connect gets its access to the app back, and the portal continues.",
    ),
    K.ORG_INACTIVE: visit(
        Page.ADMIN_MAIL, By.OPERATOR, "Ask the admin to have the org unlocked.", _THEN_RETRY
    ),
    K.SHELVED: visit(
        Page.HEROKU_SUPPORT,
        By.MANAGER,
        "Ask Heroku to bring the connection back.",
        "It comes back paused. Resume it, then press “Retry provisioning”.",
    ),
    K.PAYMENT: visit(
        Page.HEROKU_ADDONS,
        By.MANAGER,
        "See that the account can pay for the plan, or set another plan.",
        _THEN_RETRY,
    ),
    K.PERMISSION: visit(
        Page.HEROKU_ACCESS,
        By.MANAGER,
        "Give the user that the peer names the permission that is missing.",
        _THEN_RETRY,
    ),
    K.NO_PACKAGE: visit(
        Page.ADMIN_MAIL,
        By.OPERATOR,
        "Ask the admin to install the package, or correct the namespace on the tenant's page.",
        _THEN_RETRY,
    ),
    K.PEER_REFUSED: _retry("Fix what the peer reports, then retry."),
    K.TIMED_OUT: _retry("Look at the add-on in Heroku's dashboard, then retry."),
    K.GAVE_UP: _retry("See that the peer answers again, then retry."),
    K.OTHER: _retry("Fix what the reason says, then retry."),
}


def of_rollout_item(kind: K) -> Remedy:
    """Return the remedy where the block ended the work on a tenant of a roll-out.

    What is retried there is the roll-out, and not the provisioning.
    """
    found = BLOCKED[kind]
    action = "" if found.action == "retry" else found.action
    return replace(found, then=_RETRY_ITEM, by=By.MANAGER, action=action)
