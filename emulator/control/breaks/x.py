"""What can break at X."""

from typing import Any

from emulator.control.breaks.kinds import faulty, switched
from emulator.x.system import PROBLEMS


def _problem(status: int, kind: str, title: str, detail: str) -> dict[str, Any]:
    return {
        "system": "x",
        "status": status,
        "content_type": "application/problem+json",
        "body": {"title": title, "detail": detail, "type": PROBLEMS + kind},
    }


BREAKS = (
    faulty(
        "x-away",
        "X is away",
        "Every call to X is answered with 503.",
        {"system": "x", "status": 503},
    ),
    faulty(
        "x-unauthorized",
        "X does not know the token",
        "Every call to X is refused with 401.",
        {"system": "x", "status": 401, "body": {"title": "Unauthorized", "status": 401}},
    ),
    switched(
        "x-rate-limit",
        "X's rate limit is reached",
        "Every call to X is refused with 429, until a reset that its header names.",
        x_rate_limit=0,
    ),
    faulty(
        "x-cap",
        "X's monthly cap is reached",
        "Every call to X is refused with 429 usage-capped.",
        _problem(429, "usage-capped", "UsageCapExceeded", "Usage cap exceeded: Monthly"),
    ),
    faulty(
        "x-credits",
        "X's credits are used up",
        "Every call to X is refused with 402.",
        _problem(402, "credits", "CreditsDepleted", "Your credits are used up."),
    ),
    faulty(
        "x-spend-cap",
        "X's spending cap is reached",
        "Every call to X is refused with 403 SpendCapReached.",
        _problem(403, "spend-cap", "SpendCapReached", "The spending cap is reached."),
    ),
)
