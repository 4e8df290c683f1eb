"""System checks of this use case's settings."""

import re
from collections.abc import Iterator

from django.conf import settings

from portal.project.checks import BASE_URLS, NUMBERS, rule

BASE_URLS.append("X_API_URL")
NUMBERS.update(
    {
        "X_POSTS_PER_DAY": (10, 5_000),
        "X_POSTS_PER_MONTH": (10, 50_000),
        "X_QUERY_LENGTH": (128, 512),
    }
)


@rule("E060")
def x_bearer_token() -> Iterator[str]:
    if not re.fullmatch(r"[!-~]*", settings.X_BEARER_TOKEN):
        yield (
            "X_BEARER_TOKEN holds a blank or a character that no token has: "
            "heroku config:set X_BEARER_TOKEN=<the app-only Bearer token of your X app>"
        )


@rule("E061")
def x_limits() -> Iterator[str]:
    if settings.X_POSTS_PER_DAY > settings.X_POSTS_PER_MONTH:
        yield (
            "X_POSTS_PER_DAY is more than X_POSTS_PER_MONTH, so it would never be reached: "
            f"heroku config:set X_POSTS_PER_DAY={settings.X_POSTS_PER_MONTH}"
        )
