"""A tenant as JSON: the same in the read API and in webhooks. Nothing in it is about a person."""

import re
from collections.abc import Iterable
from typing import Any

from django.utils import timezone

from connect import standing
from connect.models import Connection
from connect.standing import Standing
from tenants.models import Tenant
from tenants.redaction import HIDDEN

Document = dict[str, Any]
# Also the name of a user of Salesforce, which has the form of one.
_EMAIL_ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@[\w-]+(?:\.[\w-]+)*")


def of_tenants(tenants: Iterable[Tenant]) -> list[Document]:
    """Return tenants as JSON, in their order. Three queries for any number."""
    rows = list(tenants)
    current = Connection.objects.filter(tenant__in=rows, offboarded_at=None)
    by_tenant = {each.tenant_id: each for each in current}
    facts = standing.facts_of(by_tenant.values(), timezone.now())
    found = {pk: standing.judge(each.for_outside()) for pk, each in facts.items()}
    return [_of_tenant(each, by_tenant.get(each.pk), found) for each in rows]


def _of_tenant(
    tenant: Tenant, connection: Connection | None, found: dict[int, Standing]
) -> Document:
    seen = found[connection.pk] if connection else standing.without_connection(tenant)
    return {
        "org_id": tenant.org_id,
        "name": tenant.name,
        "environment": tenant.environment,
        "package_version": tenant.package_version,
        "is_proven": bool(tenant.proof),
        "registered_at": time(tenant.registered_at),
        "live_at": time(connection.live_at if connection else None),
        "offboarded_at": time(tenant.offboarded_at),
        "schema": connection.schema_name if connection else "",
        "standing": _of_standing(seen),
    }


def _of_standing(seen: Standing) -> Document:
    return {
        "word": seen.word.value,
        "headline": _without_addresses(seen.headline),
        "reason": _without_addresses(seen.reason),
        "since": time(seen.since),
        "needs_attention": seen.tone == standing.Tone.BAD,
    }


def _without_addresses(words: str) -> str:
    """Return words of a peer without what looks like an e-mail address."""
    return _EMAIL_ADDRESS.sub(HIDDEN, words)


def time(at: Any) -> str | None:
    """Return a time as RFC 3339, in UTC."""
    return at.isoformat().replace("+00:00", "Z") if at else None
