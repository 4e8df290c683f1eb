"""A fresh link by e-mail, for somebody whose link has ended or is lost.

It goes to the contact that the portal knows. The visitor sees the same answer, with a contact or
without one.
"""

from collections.abc import Iterable

from django.utils import timezone

from tenants import limits, links, messages, recipients
from tenants.links import BadLink
from tenants.models import MessageKind, Tenant

MAX_TENANTS = 5  # of one address: a consultant may be the contact of several orgs


def mail_for(signed: str) -> None:
    """Mail a fresh link to the contact of an ended link's tenant, if it is still registered.

    `signed` is what the page of the ended link holds (links.ASK_FOR_FRESH).
    """
    try:
        (tenant_id,) = links.read(links.ASK_FOR_FRESH, signed)
    except BadLink:
        return
    _mail(Tenant.objects.filter(pk=tenant_id, offboarded_at=None))


def mail_to(address: str) -> None:
    """Mail a fresh link for each org whose contact has this address."""
    found = Tenant.objects.filter(admin_email__iexact=address.strip(), offboarded_at=None)
    _mail(found.order_by("-registered_at")[:MAX_TENANTS])


def _mail(tenants: Iterable[Tenant]) -> None:
    found = list(tenants)
    if not found:
        return
    # The mails of unproven tenants are counted again, by messages.queue.
    digest = recipients.digest_of(found[0].admin_email)
    if limits.seconds_to_wait([limits.of_recipient(digest)]):
        return
    now = timezone.now().isoformat()
    for tenant in found:
        messages.queue(tenant, MessageKind.NEW_LINK, key=f"new_link:{tenant.pk}:{now}")
