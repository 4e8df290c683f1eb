"""What a reason means, and when to ask whom: what no other table says of it."""

from typing import NamedTuple

from connect.models import BlockedKind as B
from connect.models import Condition, Stage
from connect.models import IncidentKind as K


class Words(NamedTuple):
    """`means` and `ask` are sentences for staff."""

    means: str
    ask: str


_NOBODY = "Nobody, as long as it goes on within the time that the page names."
_TICKET = "Heroku, by a ticket, if it comes back after the remedy: name the connection's id."
_ADMIN = "The subscriber's admin: only they can do it. Their address is on the tenant's page."
_ISV = "The developers of the package and its mappings."
_INCIDENT = "The one that the entry of its incident names."
_ACCOUNT = "The owner of the Heroku account, who sees its members, invoices and apps."

INCIDENTS: dict[K, Words] = {
    K.UNAUTHORIZED: Words(
        "Salesforce no longer accepts the authorization of Heroku Connect: it was revoked, the "
        "user was deactivated, or has authorized too often. Nothing is synchronized; changes wait.",
        _ADMIN,
    ),
    K.SYSTEM_ERROR: Words(
        "An error of Heroku Connect's own has stopped the connection. Changes wait.", _TICKET
    ),
    K.DB_UNAVAILABLE: Words(
        "Heroku Connect cannot reach the Postgres of this tenant, or the schema is incomplete.",
        "Heroku, by a ticket, if the database answers the portal but not Heroku Connect.",
    ),
    K.TOO_MANY_ROWS: Words(
        "The org has more rows in its mapped objects than the add-on's plan allows. Nothing is "
        "synchronized.",
        "Your account manager at Heroku, for the price of a larger plan.",
    ),
    K.HEROKU_UNAUTH: Words(
        "Heroku Connect lost its access to the host app: the user who gave it has left, or lost a "
        "right.",
        _ACCOUNT,
    ),
    K.INACTIVE_ORG: Words(
        "Salesforce reports that the org is inactive, locked or expired, as trials are.",
        "The subscriber's admin, who asks Salesforce to unlock it.",
    ),
    K.SHELVED: Words(
        "Heroku has shelved the connection because it was not used for long. It cannot be resumed "
        "from here.",
        "Heroku, by a ticket: only they can bring it back.",
    ),
    K.PAUSED: Words(
        "Heroku Connect has paused it, mostly because it was idle. Nobody paused it in the portal. "
        "Changes in Postgres are kept.",
        "Heroku, by a ticket, if it is paused again soon after you have resumed it.",
    ),
    K.MAPPING: Words(
        "One or more mapped objects fail; the others are synchronized. Mostly the org has removed "
        "or changed a field or a permission.",
        "The subscriber's admin about what has changed in the org, then the package's developers.",
    ),
    K.STRANGE_STATE: Words(
        "Heroku Connect reports a state that its documentation does not name. It may be harmless.",
        "Heroku, by a ticket, with the state in their words. Then the portal's developers.",
    ),
    K.WRONG_ORG: Words(
        "The connection is authorized for another org than this tenant's. Data of that org is "
        "written to this tenant's schema: this is a leak between customers.",
        "Your security officer at once, and the admins of both orgs.",
    ),
    K.UNSEEN: Words(
        "The portal could not read this connection's state several times in a row. Whether it "
        "works is not known.",
        _TICKET,
    ),
    K.STUCK_WRITES: Words(
        "Writes have waited in the trigger log for more than an hour although the connection says "
        "that it is well.",
        _TICKET,
    ),
    K.WRITE_ERRORS: Words(
        "Salesforce has refused some writes. They are in Postgres, but not in Salesforce. Other "
        "writes go through.",
        "The subscriber's admin about rules and permissions of the org; the developers about "
        "values that your app writes.",
    ),
    K.TABLES_MISSING: Words(
        "Somebody has dropped tables that Heroku Connect needs in the tenant's schema. No write "
        "reaches Salesforce.",
        "The colleagues who have access to the database: what else was dropped?",
    ),
    K.GRANT_LOST: Words(
        "Salesforce no longer accepts the portal's own sign-in. Synchronization goes on; the "
        "portal cannot call the package in the org.",
        _ADMIN,
    ),
    K.UNINSTALLED: Words(
        "The package no longer answers in the org. It was uninstalled, or its user lost access.",
        _ADMIN,
    ),
    K.REGION: Words(
        "A region of Heroku Connect does not answer the portal. What its connections do is not "
        "known; most of them work on.",
        "Heroku, by a ticket, if their status page shows nothing after half an hour.",
    ),
    K.TOKEN: Words(
        "Heroku refuses the token of an account: it was revoked, or its owner has left. Nothing is "
        "set up and nothing is read until it is replaced.",
        _ACCOUNT,
    ),
    K.LIST_REFUSED: Words(
        "A region does not list its connections to the portal, but answers about each alone. It "
        "costs more calls; nothing is broken.",
        _ACCOUNT,
    ),
    K.STALE: Words(
        "Live connections have not been looked at for too long. What pages say of them may be old.",
        "The person who runs the portal, about its worker and its database.",
    ),
    K.DATABASE: Words(
        "Many connections report that they cannot reach the same Postgres: it is down, full, or in "
        "maintenance.",
        "Heroku, by a ticket about the database add-on.",
    ),
}

BLOCKED: dict[B, Words] = {
    B.WRONG_ORG: Words(
        "The admin has authorized an org that is not this tenant's. Nothing was imported.", _ADMIN
    ),
    B.OTHER_SCHEMA: Words(
        "The connection has another schema or database than the portal gave it: somebody has "
        "configured it by hand.",
        "The colleague who configured it in Heroku's dashboard.",
    ),
    B.ADDON_FAILED: Words("Heroku began to make the add-on and gave up.", _TICKET),
    B.NAME_TAKEN: Words(
        "Another Heroku account has an add-on of the name that this tenant's would get.",
        "Heroku, by a ticket, if the next name is taken too.",
    ),
    B.OVERWRITES: Words(
        "A config var or an attachment of the host app would be replaced by the new add-on.",
        _ACCOUNT,
    ),
    B.ISV_REFUSED: Words(
        "Heroku does not enroll the add-on in your ISV programme: the app is not in its team, or "
        "the slug is wrong.",
        "Heroku's partner team, about your programme.",
    ),
    B.NO_VERSION: Words("No mapping version is the default of new tenants.", _ISV),
    B.MAPPINGS_REFUSED: Words(
        "The version asks for objects or fields that the org does not have, or has mistakes.", _ISV
    ),
    B.MAPPING_BROKEN: Words("Heroku Connect cannot load an object of the version.", _ISV),
    B.IMPORT_IGNORED: Words(
        "Heroku Connect has taken the mappings of a roll-out, but shows the old ones.", _TICKET
    ),
    B.UNSAFE_CHANGE: Words(
        "The new version would delete or reload mapped objects that are not in order.", _ISV
    ),
    B.NOT_LIVE: Words("The tenant stopped being live before its turn in the roll-out.", _NOBODY),
    B.PAUSED: Words(
        "The connection is paused, and a paused one takes no new version.",
        "The colleague who paused it: the tenant's page names them.",
    ),
    B.AUTHORIZATION_LOST: Words(
        "The authorization was lost while the data was loaded or the version changed.", _ADMIN
    ),
    B.SYSTEM_ERROR: Words("An error of Heroku Connect's own has stopped the work.", _TICKET),
    B.DATABASE: Words("Heroku Connect cannot reach the Postgres of this tenant.", _TICKET),
    B.ROW_LIMIT: Words(
        "The org has more rows than the add-on's plan allows.",
        "Your account manager at Heroku, for the price of a larger plan.",
    ),
    B.HEROKU_ACCESS: Words("Heroku Connect lost its access to the host app.", _ACCOUNT),
    B.ORG_INACTIVE: Words(
        "The org is inactive, locked or expired.",
        "The subscriber's admin, who asks Salesforce to unlock it.",
    ),
    B.SHELVED: Words("Heroku has shelved the connection.", "Heroku, by a ticket."),
    B.PAYMENT: Words("Heroku asks for a payment or a verified account.", _ACCOUNT),
    B.PERMISSION: Words(
        "The portal's user lacks a right on the host app, its team or its database.", _ACCOUNT
    ),
    B.NO_PACKAGE: Words(
        "The package's service in the org does not answer: it is not installed, or has another "
        "namespace.",
        _ADMIN,
    ),
    B.PEER_REFUSED: Words(
        "Heroku, Heroku Connect or Salesforce refuses a call, for the reason that the page shows.",
        "The one that refused it, by a ticket with the request id that the page shows.",
    ),
    B.TIMED_OUT: Words("A step was begun and has not ended for hours.", _TICKET),
    B.GAVE_UP: Words("All attempts at a step have failed.", _TICKET),
    B.OTHER: Words(
        "A reason that has no kind of its own. The page shows it as text.",
        "The portal's developers, with the tenant's timeline.",
    ),
}

STAGES: dict[Stage, Words] = {
    Stage.WAITING_FOR_PROOF: Words(
        "A callout named this org, but nothing proves yet that it comes from there.",
        "The customer, by a way that you know, before you approve an org that you do not know.",
    ),
    Stage.CREATING_ADDON: Words("The Heroku Connect add-on is ordered and made.", _NOBODY),
    Stage.LINKING: Words("Heroku Connect gets to know the new add-on.", _NOBODY),
    Stage.CONFIGURING_DATABASE: Words("The connection gets its database and its schema.", _NOBODY),
    Stage.WAITING_FOR_CONSENT: Words(
        "The subscriber's admin has to sign in to Salesforce by the link in our e-mail.", _ADMIN
    ),
    Stage.PUBLISHING_LINK: Words("The package in the org gets the link to authorize.", _NOBODY),
    Stage.WAITING_FOR_AUTHORIZATION: Words(
        "The subscriber's admin has to authorize Heroku Connect in Salesforce.", _ADMIN
    ),
    Stage.IMPORTING_MAPPINGS: Words("The mapping version is checked and sent.", _NOBODY),
    Stage.LOADING: Words("Heroku Connect loads all mapped objects for the first time.", _NOBODY),
    Stage.LIVE: Words("Everything is set up. From here on its health counts.", "Nobody."),
    Stage.RESUMING: Words(
        "An off-boarding was undone. The connection is resumed and goes back to its stage.", _NOBODY
    ),
    Stage.GRACE: Words(
        "Staff have off-boarded the tenant, and it can still be undone. Nothing is synchronized; "
        "the add-on is there and costs. OFFBOARDING_GRACE_DAYS says for how long.",
        "The colleague who off-boarded it: the timeline names them.",
    ),
    Stage.OFFBOARDING: Words("The connection is ended and its add-on deleted.", _NOBODY),
    Stage.OFFBOARDED: Words(
        "The add-on is gone; the schema was kept or dropped, as chosen.", "Nobody."
    ),
}

CONDITIONS: dict[Condition, Words] = {
    Condition.HEALTHY: Words("The connection and all its mappings are synchronized.", "Nobody."),
    Condition.WORKING: Words(
        "Heroku Connect is loading, polling or recovering, as it should.", _NOBODY
    ),
    Condition.DEGRADED: Words(
        "A part of the data is not up to date; the rest is.",
        _INCIDENT,
    ),
    Condition.PAUSED: Words(
        "Nothing is synchronized, on purpose or because it was idle. No change is lost.",
        "The colleague who paused it: the tenant's page names them.",
    ),
    Condition.UNKNOWN: Words(
        "The portal cannot see the connection, or does not know its state.",
        _INCIDENT,
    ),
    Condition.BROKEN: Words("Nothing is synchronized.", _INCIDENT),
    Condition.NEEDS_AUTHORIZATION: Words(
        "Nothing is synchronized until the admin authorizes Heroku Connect again.", _ADMIN
    ),
}
