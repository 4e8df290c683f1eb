"""The remedy of each stage while nothing is wrong: mostly, somebody is waited for."""

from connect.models import Stage
from connect.remedies.remedy import By, Page, Remedy, nothing, press, visit

_GOES_ON = "The portal continues automatically."
# What staff or the portal found on a live connection that is otherwise well.
PAUSED = press(
    "resume",
    By.OPERATOR,
    "Resume it when the reason for the pause is gone.",
    "Heroku Connect sends the changes that have waited.",
)
RECOVERING = nothing(
    "The incident closes when the connection has been well for four minutes. If the problem comes "
    "back, the page says so."
)
CAPPED = visit(
    Page.ADDON_DAYS,
    By.MANAGER,
    "If the tenants that wait are genuine, allow more new add-ons today.",
    "The portal continues at once. Otherwise it continues tomorrow (UTC).",
)
NO_ROOM = visit(
    Page.HOST_APPS,
    By.MANAGER,
    "Add a host app and press “Make at Heroku”, or let one accept new tenants again.",
    "The portal continues as soon as one has room.",
)
PROVEN = nothing(_GOES_ON)
DRIFTED = visit(
    Page.DRIFT,
    By.OPERATOR,
    "Look at the differences. Bring the tenant back to its version, or accept them.",
    "A roll-out sends the version again; an accepted tenant no longer counts as drifted.",
)

WAITS: dict[Stage, Remedy] = {
    Stage.WAITING_FOR_PROOF: press(
        "approve",
        By.OPERATOR,
        "Approve the registration if you know this org.",
        "The portal makes the add-on and continues.",
    ),
    Stage.CREATING_ADDON: nothing(_GOES_ON),
    Stage.LINKING: nothing(_GOES_ON),
    Stage.CONFIGURING_DATABASE: nothing(_GOES_ON),
    Stage.WAITING_FOR_CONSENT: press(
        "resend",
        By.OPERATOR,
        "If the admin does not react, send them the e-mail again.",
        "The portal continues when the admin has signed in to Salesforce.",
    ),
    Stage.PUBLISHING_LINK: nothing(_GOES_ON),
    Stage.WAITING_FOR_AUTHORIZATION: press(
        "resend",
        By.OPERATOR,
        "If the admin does not react, send them the e-mail again. If Salesforce showed them "
        "“app must be installed into org”, their user needs “Approve Uninstalled Connected Apps”.",
        "The portal continues when the admin has authorized Heroku Connect.",
    ),
    Stage.IMPORTING_MAPPINGS: nothing(_GOES_ON),
    Stage.LOADING: nothing("The connection is live when Heroku Connect has loaded all mappings."),
    Stage.LIVE: nothing("The portal looks at it every few minutes."),
    Stage.RESUMING: nothing("It is resumed at Heroku Connect, and goes on where it was."),
    Stage.GRACE: press(
        "undo_offboarding",
        By.OPERATOR,
        "If it is a mistake, undo the off-boarding.",
        "It is resumed and goes on where it was. Otherwise it ends when the time is over: the "
        "add-on is deleted.",
    ),
    Stage.OFFBOARDING: nothing("The add-on is deleted, and then the tenant is off-boarded."),
    Stage.OFFBOARDED: nothing("A new registration of the org begins again."),
}
