"""The versioned mapping configuration that every tenant gets.

A template is a document in Heroku Connect's export format in which `{ns}` stands where an org's
package namespace goes: "{ns}Tweet__c" is "acme__Tweet__c" in an org whose package has the namespace
acme, and "Tweet__c" where it has none.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.db import connection as database
from django.db import transaction
from django.db.models import Max, Q

from connect.clients.heroku_connect import MappingDetail
from connect.mappings import diff
from connect.models import Connection, DefaultTemplate, MappingTemplate

Document = dict[str, Any]
PLACEHOLDER = "{ns}"
_FIRST = Path(__file__).with_name("first_template.json")


def ensure_first() -> MappingTemplate | None:
    """Store version 1 if there is no template at all; return it if it was made."""
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


def add(document: Document, *, author: str, notes: str, made_from: str) -> MappingTemplate:
    """Store the next version."""
    with transaction.atomic():
        with database.cursor() as cursor:  # two people at once get two numbers
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        newest = MappingTemplate.objects.aggregate(newest=Max("version"))["newest"] or 0
        return MappingTemplate.objects.create(
            version=newest + 1,
            document=document,
            author=author,
            notes=notes,
            made_from=made_from[:300],
        )


_LOCK = 0x74656D706C  # "templ"


def default_for(connection: Connection) -> MappingTemplate | None:
    """Return the version that a tenant on this plan and environment begins with.

    The most exact default wins, plan before environment; without any it is the newest version.
    """
    plan, environment = connection.plan, connection.tenant.environment
    fitting = DefaultTemplate.objects.filter(
        Q(plan="") | Q(plan=plan), Q(environment="") | Q(environment=environment)
    ).select_related("template")
    best = max(fitting, key=lambda each: (bool(each.plan), bool(each.environment)), default=None)
    return best.template if best else MappingTemplate.objects.order_by("-version").first()


def fill(document: Document, namespace: str) -> Document:
    """Return the document with every placeholder, in names and keys alike, filled in."""
    filled: Document = _fill(document, f"{namespace}__" if namespace else "")
    return filled


def _fill(part: Any, prefix: str) -> Any:
    match part:
        case str():
            return part.replace(PLACEHOLDER, prefix)
        case list():
            return [_fill(item, prefix) for item in part]
        case dict():
            return {_fill(key, prefix): _fill(value, prefix) for key, value in part.items()}
    return part


def generalize(document: Document, namespace: str) -> Document:
    """Return the document with a namespace taken out of its names: the opposite of `fill`."""
    if not namespace:
        return document
    general: Document = _generalize(document, f"{namespace}__".lower())
    return general


def _generalize(part: Any, prefix: str) -> Any:
    match part:
        case str() if part.lower().startswith(prefix):
            return PLACEHOLDER + _rest(part[len(prefix) :], prefix)
        case str():
            return _rest(part, prefix)
        case list():
            return [_generalize(item, prefix) for item in part]
        case dict():
            return {
                _generalize(key, prefix): _generalize(value, prefix) for key, value in part.items()
            }
    return part


def _rest(name: str, prefix: str) -> str:
    """The second half of a relationship's path, Parent__r__acme__Key__c, has a namespace too."""
    head, arrow, tail = name.partition("__r__")
    if arrow and tail.lower().startswith(prefix):
        return head + arrow + PLACEHOLDER + tail[len(prefix) :]
    return name


def live_document(found: Iterable[MappingDetail]) -> Document:
    """Return what Heroku Connect tells of a connection's mappings as a document."""
    return {
        "version": 1,
        "mappings": [{"object_name": each.object_name, "config": each.config} for each in found],
    }


def exported(template: MappingTemplate, namespace: str) -> Document:
    """Return a version in Heroku Connect's own export format, for orgs with this namespace."""
    return {"version": 1, "mappings": fill(template.document, namespace)["mappings"]}


def is_imported(document: Document, found: Iterable[MappingDetail]) -> bool:
    """Tell whether every mapping of the document is there with all its fields.

    Heroku Connect takes an import some seconds after it answered, so its state proves nothing: only
    the mappings themselves do.
    """
    there = {mapping.object_name.lower(): _field_names(mapping.config) for mapping in found}
    return all(
        _field_names(wanted["config"]) <= there.get(wanted["object_name"].lower(), set())
        for wanted in document["mappings"]
    )


def is_applied(document: Document, found: Iterable[MappingDetail]) -> bool:
    """Tell whether every mapping of the document is there exactly so, whatever else is."""
    changes = diff.compare(live_document(found), document)
    return all(change.kind == diff.Kind.OBJECT_REMOVED for change in changes)


def revisions(found: Iterable[MappingDetail]) -> dict[str, Any]:
    """Return each mapping's revision by its lower-case object name."""
    return {each.object_name.lower(): each.config.get("revision") for each in found}


def has_arrived(
    document: Document, found: tuple[MappingDetail, ...], before: dict[str, Any]
) -> bool:
    """Tell whether an import was taken; `before` holds the revisions from before it was sent.

    Either all is exactly as sent, or what still differs has a new revision: Heroku Connect took it
    and made something else of a setting (it may raise a polling interval).
    """
    if is_applied(document, found):
        return True
    differing = {
        change.object_name.lower()
        for change in diff.compare(live_document(found), document)
        if change.kind != diff.Kind.OBJECT_REMOVED
    }
    now = revisions(found)
    moved = all(now.get(name) not in (None, before.get(name)) for name in differing)
    return moved and is_imported(document, found)


def _field_names(config: dict[str, Any]) -> set[str]:
    return {name.lower() for name in config.get("fields", {})}
