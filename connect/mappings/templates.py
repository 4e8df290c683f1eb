"""Mapping versions: creating and choosing them.

A template is a document in Heroku Connect's export format. `{ns}` stands for the namespace of the
org's package: "{ns}Tweet__c" is "acme__Tweet__c" in an org whose package has the namespace acme,
and "Tweet__c" where it has none.
"""

import json
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings
from django.db import connection as database
from django.db import transaction
from django.db.models import Max, Q

from connect.mappings import diff, lint, placeholders, plans
from connect.mappings.documents import MappingDocument
from connect.models import Connection, DefaultTemplate, MappingTemplate, Package

_HERE = Path(__file__).parent
# Each package's file, and the notes of the version that is made of it.
_SHIPPED = {
    Package.CURRENT: (
        "first_template.json",
        "Accounts, contacts, posts about accounts, and the package's own record.",
    ),
    Package.ORIGINAL: (
        "template_2016.json",
        "The same for orgs with the package of 2016, which has no external ids: Heroku Connect "
        "writes the posts alone.",
    ),
}
_LOCK = 0x74656D706C  # the advisory lock's number: "templ"


def shipped(package: Package) -> MappingDocument:
    """Return the document that the portal ships for a package."""
    document: MappingDocument = json.loads((_HERE / _SHIPPED[package][0]).read_text())
    return document


def ensure_first() -> list[MappingTemplate]:
    """Store the shipped versions if there is no template; return those that were created."""
    if MappingTemplate.objects.exists():
        return []
    made = [
        MappingTemplate.objects.get_or_create(
            version=version,
            defaults={"package": package, "document": shipped(package), "notes": notes},
        )
        for version, (package, (_, notes)) in enumerate(_SHIPPED.items(), 1)
    ]
    return [template for template, is_new in made if is_new]


def add(
    document: MappingDocument,
    *,
    author: str,
    notes: str,
    made_from: str,
    package: str = Package.CURRENT,
) -> MappingTemplate:
    """Store the next version."""
    with transaction.atomic():
        with database.cursor() as cursor:  # concurrent calls get different numbers
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        highest = MappingTemplate.objects.aggregate(highest=Max("version"))["highest"] or 0
        return MappingTemplate.objects.create(
            version=highest + 1,
            package=package,
            document=document,
            author=author,
            notes=notes,
            made_from=made_from[:300],
        )


def newest(package: str = Package.CURRENT) -> MappingTemplate | None:
    """Return the newest version for orgs with a package."""
    return MappingTemplate.objects.filter(package=package).order_by("-version").first()


def same_as_newest(document: MappingDocument, package: str) -> MappingTemplate | None:
    """Return the newest version for a package if a document would change nothing of it."""
    before = newest(package)
    return before if before and not diff.compare(before.document, document) else None


def default_for(connection: Connection) -> MappingTemplate | None:
    """Return the first version for a tenant with this plan and environment.

    The most specific default wins, plan before environment. Without a default: the newest version
    for today's package.
    """
    plan, environment = connection.plan, connection.tenant.environment
    fitting = DefaultTemplate.objects.filter(
        Q(plan="") | Q(plan=plan), Q(environment="") | Q(environment=environment)
    ).select_related("template")
    best = max(fitting, key=lambda each: (bool(each.plan), bool(each.environment)), default=None)
    return best.template if best else newest()


def findings(document: MappingDocument, on: Sequence[str] = ()) -> list[lint.Finding]:
    """Lint a template as this portal's tenants would get it: with its namespace, on each plan.

    `on` are the plans; by default all that tenants may have.
    """
    namespace = settings.FORCE_NAMESPACE
    filled = placeholders.fill(document, namespace)
    return lint.check_plans(filled, on or plans.possible(), lint.OrgFacts(namespace))


def exported(template: MappingTemplate, namespace: str | None = None) -> MappingDocument:
    """Return a version in Heroku Connect's export format.

    With a namespace, "" for none, it is filled for the orgs with this namespace, as Heroku Connect
    takes it. Without, it keeps {ns}: adding it again gives the same version.
    """
    document = template.document
    if namespace is not None:
        document = placeholders.fill(document, namespace)
    return {"version": 1, "mappings": document["mappings"]}
