"""The versioned mapping configuration that every tenant gets.

A template is a document in Heroku Connect's export format in which `{ns}` stands where an org's
package namespace goes: "{ns}Tweet__c" is "acme__Tweet__c" in an org whose package has the namespace
acme, and "Tweet__c" where it has none.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from connect.clients.heroku_connect import MappingDetail
from connect.models import MappingTemplate

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


def _field_names(config: dict[str, Any]) -> set[str]:
    return {name.lower() for name in config.get("fields", {})}
