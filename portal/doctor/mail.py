"""E-mail: whether any has left lately. Only one that arrives proves it, so staff can send one."""

from datetime import timedelta
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends import smtp
from django.urls import reverse
from django.utils import timezone

from connect.formats import format_time, sentence
from portal.doctor.checks import check
from portal.doctor.findings import Finding, Problem, failed, ok, problem, skipped
from tenants.models import Message, MessageStatus
from tenants.redaction import redact

LATELY = timedelta(days=7)
_BY_PROVIDER = "heroku config:set EMAIL_BACKEND=anymail.backends.mailgun.EmailBackend"
_LEFT = (MessageStatus.SENT, MessageStatus.DELIVERED)


@check("mail", "E-mail", "E007", "E018", "E022", "W018")
def mail() -> Finding:
    """Connect to the mail server if there is one to connect to, and look at the last e-mails."""
    try:
        _reach_server()
    except (OSError, SMTPException) as error:
        text = f"The mail server {settings.EMAIL_HOST} does not answer: {type(error).__name__}."
        return failed(Problem(text, _BY_PROVIDER))
    recent = Message.objects.filter(created_at__gt=timezone.now() - LATELY).order_by("-pk")
    last = recent.exclude(status__in=(MessageStatus.QUEUED, MessageStatus.HELD)).first()
    if last is None:
        return skipped("No e-mail has left in a week: send one to yourself.")
    if last.status not in _LEFT:
        why = sentence(redact(last.error)) if last.error else ""
        url = reverse("admin:tenants_message_changelist")
        text = f"The last e-mail was not sent. {why}".rstrip()
        return failed(Problem(text, url=url, place="Messages"))
    return ok(f"The last one left at {format_time(last.created_at)}, from {settings.DEV_EMAIL}.")


def _reach_server() -> None:
    """Log in to the mail server, if mails go through one. Others have nothing to open."""
    server = get_connection(timeout=5)
    if isinstance(server, smtp.EmailBackend):
        server.open()
        server.close()


def send_to(address: str) -> Finding:
    """Send an e-mail to a person who has asked for it."""
    text = f"This is the test e-mail of {settings.PRODUCT_NAME} at {settings.PORTAL_URL}.\n"
    try:
        EmailMessage("Test e-mail", text, to=[address]).send()
    except Exception as error:  # a provider's package raises errors of its own
        said = str(error).strip().partition("\n")[0][:300]
        return failed(problem(f"It was not sent ({type(error).__name__}): {said}"))
    return ok(f"The mail service has taken an e-mail to {address}. Look whether it arrives.")
