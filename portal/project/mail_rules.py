"""The rules for the settings of e-mail."""

from collections.abc import Iterator

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.mail import get_connection
from django.core.validators import validate_email

from portal.project.checks import rule

CONSOLE = "django.core.mail.backends.console.EmailBackend"


@rule("E007")
def dev_email() -> Iterator[str]:
    if not _is_email(settings.DEV_EMAIL):
        lack = "not an e-mail address" if settings.DEV_EMAIL else "missing"
        yield f"DEV_EMAIL is {lack}: heroku config:set DEV_EMAIL=connect@your-company.example"


@rule("E018")
def email_backend() -> Iterator[str]:
    try:
        get_connection()
    except (ImportError, AttributeError, ImproperlyConfigured) as error:
        yield (
            f"EMAIL_BACKEND cannot be used ({' '.join(str(error).split())}): set what it names, or "
            "heroku config:set EMAIL_BACKEND=anymail.backends.mailgun.EmailBackend"
        )


@rule("W018")
def email_is_really_sent() -> Iterator[str]:
    if settings.OVER_HTTPS and settings.EMAIL_BACKEND == CONSOLE:
        yield (
            "EMAIL_BACKEND only prints e-mails to the log: "
            "heroku config:set EMAIL_BACKEND=anymail.backends.mailgun.EmailBackend"
        )


@rule("E022")
def staff_emails() -> Iterator[str]:
    wrong = [each for each in settings.STAFF_EMAILS if not _is_email(each)]
    if wrong and settings.STAFF_EMAILS != [settings.DEV_EMAIL]:  # that one is E007's
        yield f"STAFF_EMAILS holds {wrong[0]!r}: list e-mail addresses, separated by commas"


def _is_email(address: str) -> bool:
    try:
        validate_email(address)
    except ValidationError:
        return False
    return True
