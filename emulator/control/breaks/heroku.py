"""What can break at Heroku: the Platform API, the account, add-ons."""

from typing import Any

from emulator.control.breaks.kinds import faulty, switched

REFUSED = {"message": "Invalid credentials provided."}
ADDONS = r"^/heroku/apps/[^/]+/addons"


def _error(status: int, code: str, message: str, **more: Any) -> dict[str, Any]:
    body = {"id": code, "message": message}
    return {"system": "heroku", "status": status, "body": body, **more}


BREAKS = (
    faulty(
        "heroku-away",
        "Heroku is away",
        "Every call to the Platform API is answered with 503.",
        _error(503, "service_unavailable", "Heroku is currently unavailable."),
    ),
    faulty(
        "heroku-html",
        "Heroku answers with a page",
        "Every call to the Platform API gets 502 and a page of HTML, as from a router.",
        {"system": "heroku", "html": True},
    ),
    faulty(
        "heroku-slow",
        "Heroku is slow",
        "Every call to the Platform API takes 8 real seconds longer, and works.",
        {"system": "heroku", "delay": 8},
    ),
    faulty(
        "heroku-lost-answers",
        "Heroku's answers are lost",
        "Every call that changes something is done, and the connection ends without an answer.",
        *({"system": "heroku", "method": each, "drop": "after"} for each in ("POST", "PATCH")),
    ),
    faulty(
        "token-revoked",
        "The token is revoked",
        "Heroku and Heroku Connect answer every call with 401. A new token fixes it in reality.",
        _error(401, "unauthorized", REFUSED["message"]),
        {"system": "central", "status": 401, "body": REFUSED},
        # The pages of authorization are for browsers, which have no token.
        {"system": "region", "path": "^/region[^/]*/api/", "status": 401, "body": REFUSED},
    ),
    faulty(
        "rate-limit",
        "The account's calls are used up",
        "The Platform API answers 429 with RateLimit-Remaining: 0.",
        _error(
            429,
            "rate_limit",
            "Your account reached the API rate limit. Please wait a few minutes and try again.",
            headers={"RateLimit-Remaining": "0"},
        ),
    ),
    faulty(
        "account-delinquent",
        "The account has not paid",
        "New and changed add-ons are refused with 402 delinquent.",
        *(
            _error(402, "delinquent", "The account has unpaid invoices.", path=ADDONS, method=each)
            for each in ("POST", "PATCH")
        ),
    ),
    faulty(
        "account-suspended",
        "The account is suspended",
        "Every call to the Platform API is refused with 403 suspended.",
        _error(403, "suspended", "Your account has been suspended."),
    ),
    faulty(
        "account-unverified",
        "The account has no payment method",
        "New add-ons are refused with 422 verification_needed.",
        _error(
            422,
            "verification_needed",
            "Please verify your account to install this add-on.",
            path=ADDONS,
            method="POST",
        ),
    ),
    faulty(
        "addon-conflict",
        "Another change of the app is under way",
        "New, changed and deleted add-ons are refused with 409 conflict.",
        *(
            _error(409, "conflict", "Another change is in progress.", path=ADDONS, method=each)
            for each in ("POST", "PATCH", "DELETE")
        ),
    ),
    switched(
        "confirmation-required",
        "A new add-on needs a confirmation",
        "POST of an add-on is answered with 423 until it is confirmed by the name of the app.",
        confirmation_required=True,
    ),
    switched(
        "provisioning-fails",
        "Provisioning fails",
        "A new add-on ends as deprovisioned.",
        provisioning_fails=True,
    ),
    switched(
        "provisioning-hangs",
        "Provisioning does not end",
        "A new add-on stays provisioning for a day.",
        provisioning_seconds=86_400,
    ),
    switched(
        "deprovisioning-hangs",
        "Deprovisioning does not end",
        "A deleted add-on stays deprovisioning for a day.",
        deprovisioning_seconds=86_400,
    ),
    switched(
        "config-vars-full",
        "The app's config vars are full",
        "A call that would set one more is refused with 422.",
        config_bytes=0,
    ),
    switched(
        "no-more-apps",
        "The account has as many apps as it may have",
        "A new app is refused with 422.",
        apps_per_account=0,
    ),
    switched(
        "partner-unknown",
        "The partner is unknown",
        "Enrolling an add-on with the Connect ISV programme is refused with 404.",
        isv_slugs=["somebody-else"],
    ),
)
