"""Data for a fleet: words for names, and the cases with their frequency."""

from typing import Any

from connect.models import BlockedKind, Stage, WaitingOn

FIRST = "Alder Amber Arbor Aster Atlas Beacon Birch Bright Canvas Cedar Cobalt Copper Coral Delta "
FIRST += "Echo Elm Fern Fjord Flint Garnet Glacier Harbor Hazel Indigo Iris Juniper Kestrel Lark "
FIRST += "Linden Lumen Maple Meridian Nimbus North Oak Onyx Opal Pine Quartz Raven Ridge Sable "
FIRST += "Sierra Slate Solar Sterling Summit Talon Terra Vale Verdant Willow Zephyr"
SECOND = "Analytics Apparel Brewing Care Components Credit Dental Education Energy Farms Fitness "
SECOND += "Foods Freight Gardens Health Homes Insurance Labs Legal Lighting Logistics Media "
SECOND += "Mobility Motors Optics Paper Partners Pharma Pumps Robotics Software Steel Supply "
SECOND += "Systems Textiles Tools Travel Water"

NO_ADD_ON = {
    "blocked_reason": (
        "Heroku answers 422: Your account has reached its limit of add-ons for this plan. "
        "Ask Heroku to raise it, then retry."
    ),
    "blocked_kind": BlockedKind.PEER_REFUSED,
}
NO_PACKAGE = {
    "blocked_reason": (
        "Salesforce answers 404: Could not find a match for URL /services/apexrest/hcmc. "
        "Is the package installed in this org?"
    ),
    "blocked_kind": BlockedKind.NO_PACKAGE,
}
NO_ACCESS = {
    "blocked_reason": (
        "Heroku Connect answers 400: Object Tweet__c is not accessible by the integration user. "
        "Grant access in the org, then retry."
    ),
    "blocked_kind": BlockedKind.PEER_REFUSED,
}
WRITE_ERRORS = (
    "DUPLICATE_VALUE: duplicate value found: Id__c duplicates value on record with id: …",
    "REQUIRED_FIELD_MISSING: Required fields are missing: [Account__c]",
    "FIELD_CUSTOM_VALIDATION_EXCEPTION: other message",
)
FOR_CONSENT = {"waiting_for": "the admin to sign in to Salesforce"}
FOR_AUTHORIZATION = {"waiting_for": "the admin to authorize Heroku Connect"}
FOR_DATA = {"waiting_on": WaitingOn.HEROKU, "waiting_for": "the first load: 2 of 3"}
FOR_STAFF = {"waiting_on": WaitingOn.STAFF, "waiting_for": "approval by staff"}

# (weight, stage, the facts that make the case)
CASES: list[tuple[float, Stage, dict[str, Any]]] = [
    (86.0, Stage.LIVE, {"state": "IDLE"}),
    (1.0, Stage.LIVE, {"state": "POLLING_DB_CHANGES"}),
    (1.0, Stage.LIVE, {"state": "BUSY"}),
    (1.2, Stage.LIVE, {"state": "PAUSED"}),
    (0.5, Stage.LIVE, {"state": "SYSTEM_ERROR"}),
    (0.4, Stage.LIVE, {"state": "TOO_MANY_ROWS"}),
    (0.5, Stage.LIVE, {"state": "UNAUTHORIZED"}),
    (2.2, Stage.WAITING_FOR_CONSENT, FOR_CONSENT),
    (1.8, Stage.WAITING_FOR_AUTHORIZATION, FOR_AUTHORIZATION),
    (0.8, Stage.LOADING, FOR_DATA),
    (0.5, Stage.WAITING_FOR_PROOF, FOR_STAFF),
    (0.5, Stage.CREATING_ADDON, NO_ADD_ON),
    (0.3, Stage.PUBLISHING_LINK, NO_PACKAGE),
    (0.4, Stage.IMPORTING_MAPPINGS, NO_ACCESS),
    (2.9, Stage.OFFBOARDED, {}),
]
