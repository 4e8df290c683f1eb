"""The rules for the settings of staff: their time zone and their sign-in."""

from collections.abc import Iterator

from django.conf import settings

from portal.project.checks import rule
from portal.project.environment import is_https_or_here


@rule("E023")
def time_zone() -> Iterator[str]:
    if settings.NOT_ZONES:
        yield (
            "STAFF_TIME_ZONE is not the name of a time zone: "
            "heroku config:set STAFF_TIME_ZONE=Europe/Berlin"
        )


@rule("W054")
def second_factor() -> Iterator[str]:
    if settings.OVER_HTTPS and not settings.SECOND_FACTOR_REQUIRED:
        yield (
            "SECOND_FACTOR_REQUIRED is off, so a stolen password is enough to sign in: "
            "heroku config:unset SECOND_FACTOR_REQUIRED"
        )


@rule("W055")
def two_person_approval() -> Iterator[str]:
    if settings.OVER_HTTPS and not settings.TWO_PERSON_APPROVAL:
        yield (
            "TWO_PERSON_APPROVAL is off, so one person can off-board many tenants: "
            "heroku config:unset TWO_PERSON_APPROVAL"
        )


@rule("E056")
def single_sign_on() -> Iterator[str]:
    given = [settings.OIDC_ISSUER, settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET]
    if any(given) and not all(given):
        yield "OIDC_ISSUER, OIDC_CLIENT_ID and OIDC_CLIENT_SECRET belong together: set all three"
    elif all(given) and not is_https_or_here(settings.OIDC_ISSUER):
        yield "OIDC_ISSUER is not an https address: set your identity provider's issuer"
