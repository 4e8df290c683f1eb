"""Mapping versions: creating and choosing them.

A template is a document in Heroku Connect's export format. `{ns}` stands for the namespace of the
org's package: "{ns}Tweet__c" is "acme__Tweet__c" in an org whose package has the namespace acme,
and "Tweet__c" where it has none.
"""

import json
from pathlib import Path

from django.db import connection as database
from django.db import transaction
from django.db.models import Max, Q

from connect.mappings import placeholders
from connect.mappings.documents import MappingDocument
from connect.models import Connection, DefaultTemplate, MappingTemplate

_FIRST = Path(__file__).with_name("first_template.json")
_LOCK = 0x74656D706C  # the advisory lock's number: "templ"


def ensure_first() -> MappingTemplate | None:
    """Store version 1 if there is no template; return it if it was created."""
    if MappingTemplate.objects.exists():
        return None
    template, made = MappingTemplate.objects.get_or_create(
        version=1,
        defaults={
            "document": json.loads(_FIRST.read_text()),
            "notes": "Accounts, contacts, posts about accounts, and the package's own record.",
        },
    )
    return template if made else None


def add(document: MappingDocument, *, author: str, notes: str, made_from: str) -> MappingTemplate:
    """Store the next version."""
    with transaction.atomic():
        with database.cursor() as cursor:  # concurrent calls get different numbers
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        newest = MappingTemplate.objects.aggregate(newest=Max("version"))["newest"] or 0
        return MappingTemplate.objects.create(
            version=newest + 1,
            document=document,
            author=author,
            notes=notes,
            made_from=made_from[:300],
        )


def default_for(connection: Connection) -> MappingTemplate | None:
    """Return the first version for a tenant with this plan and environment.

    The most specific default wins, plan before environment. Without a default: the newest version.
    """
    plan, environment = connection.plan, connection.tenant.environment
    fitting = DefaultTemplate.objects.filter(
        Q(plan="") | Q(plan=plan), Q(environment="") | Q(environment=environment)
    ).select_related("template")
    best = max(fitting, key=lambda each: (bool(each.plan), bool(each.environment)), default=None)
    return best.template if best else MappingTemplate.objects.order_by("-version").first()


def exported(template: MappingTemplate, namespace: str) -> MappingDocument:
    """Return a version in Heroku Connect's own export format, for orgs with this namespace."""
    return {"version": 1, "mappings": placeholders.fill(template.document, namespace)["mappings"]}
