"""Who gets mails that a stranger may have caused: how many, and who has said “not me”.

A contact that only an unsigned callout names may be anybody. What is mailed to such a contact is
limited for each recipient, and stops with one click on the link in each of these mails.
"""

import hashlib
import unicodedata

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.crypto import salted_hmac

from tenants import limits, links, timeline
from tenants.links import BadLink, LinkKind
from tenants.models import Callout, EventKind, Message, MessageStatus, StoppedRecipient, Tenant

NOT_ME = LinkKind("not-me")
STOPPED = "The recipient says that the registration is not theirs: correct the address."
TOO_MANY = (
    "Unproven registrations have sent enough mails to this recipient today: if it is genuine, send "
    "it again."
)
FLOOD = (
    "Unproven registrations have sent enough mails this hour, from one network or in all: if it is "
    "genuine, send it again."
)
_GMAIL = ("gmail.com", "googlemail.com")


def plain_digest_of(address: str) -> str:
    """Return a digest of an address, the same for each of its spellings."""
    return hashlib.sha256(_mailbox(address).encode()).hexdigest()


def digest_of(address: str) -> str:
    """Return a digest like that, which nobody can compute without the portal's key."""
    return salted_hmac(
        "tenants.recipients", plain_digest_of(address), algorithm="sha256"
    ).hexdigest()


def _mailbox(address: str) -> str:
    """Return the one spelling of an address under which its mailbox is counted."""
    text = unicodedata.normalize("NFKC", address.strip()).lower()
    name, _, domain = text.rpartition("@")
    # What follows a plus is the recipient's own label: the mailbox is the same.
    name = name.strip('"').partition("+")[0]
    domain = _ascii(domain)
    if domain in _GMAIL:
        return f"{name.replace('.', '')}@{_GMAIL[0]}"
    return f"{name}@{domain}"


def _ascii(domain: str) -> str:
    try:
        return domain.encode("idna").decode()
    except UnicodeError:  # nothing is mailed to a domain without an ASCII form
        return domain


def is_stopped(address: str) -> bool:
    """Whether the recipient has said that a registration is not theirs."""
    return StoppedRecipient.objects.filter(digest=digest_of(address)).exists()


def reason_to_hold(tenant: Tenant, *, asked_by_staff: bool) -> str:
    """Return why a mail to a tenant's contact is held back, or "". Counts the mail.

    Staff may exceed the limit, but not mail somebody who said “not me”.
    """
    if tenant.is_trusted("admin_email"):
        return ""
    if is_stopped(tenant.admin_email):
        return STOPPED
    if asked_by_staff:
        return ""
    if limits.seconds_to_wait([limits.of_recipient(digest_of(tenant.admin_email))]):
        return TOO_MANY
    return FLOOD if limits.seconds_to_wait(limits.of_unproven_mails(_network(tenant))) else ""


def _network(tenant: Tenant) -> str:
    """Return from where the tenant was registered last, "" if no callout is kept."""
    callout = Callout.objects.filter(tenant=tenant).order_by("-pk").first()
    return limits.network(callout.remote_address) if callout else ""


def not_me_url(tenant: Tenant, address: str) -> str:
    """Return the address where a recipient says that the registration is not theirs."""
    signed = links.sign(NOT_ME, [tenant.pk, digest_of(address)])
    return settings.PORTAL_URL + reverse("not-me", args=[signed])


def read(signed: str) -> tuple[Tenant, str]:
    """Return the tenant of a “not me” link, and the recipient's digest. Raises BadLink."""
    pk, digest = links.read(NOT_ME, signed)
    tenant = Tenant.objects.filter(pk=pk).first()
    if tenant is None:
        raise BadLink("its registration was erased")
    sent = Message.objects.filter(tenant=tenant).order_by().values_list("to", flat=True).distinct()
    return tenant, next((digest_of(to) for to in sent if digest == _first_digest_of(to)), digest)


def _first_digest_of(address: str) -> str:
    """Return the digest as links held it before it had a key. No such link lives for long."""
    name, _, domain = address.strip().lower().rpartition("@")
    return hashlib.sha256(f"{name.partition('+')[0]}@{domain}".encode()).hexdigest()


@transaction.atomic
def stop(signed: str) -> None:
    """Stop all mails of unproven tenants to the recipient of a link. Raises BadLink."""
    tenant, digest = read(signed)
    _, is_new = StoppedRecipient.objects.get_or_create(digest=digest, defaults={"tenant": tenant})
    if not is_new:
        return
    waiting = Message.objects.filter(tenant=tenant, status=MessageStatus.QUEUED)
    for message in waiting.select_for_update():
        if digest_of(message.to) == digest and not tenant.is_trusted("admin_email"):
            message.status, message.error = MessageStatus.HELD, STOPPED
            message.save(update_fields=["status", "error"])
    text = "The recipient of our mail says that the registration is not theirs. No more is sent."
    timeline.note(tenant, EventKind.MESSAGE, text, actor=timeline.SUBSCRIBER)
