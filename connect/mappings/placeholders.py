"""The placeholder {ns} in mapping documents, which stands for the package's namespace."""

import re
from typing import Any

from connect.mappings.documents import MappingDocument

PLACEHOLDER = "{ns}"


def fill(document: MappingDocument, namespace: str) -> MappingDocument:
    """Return the document with every placeholder replaced, in names and keys."""
    filled: MappingDocument = _fill(document, f"{namespace}__" if namespace else "")
    return filled


def in_org(name: str, namespace: str) -> str:
    """Return a name of a version as an org with this namespace has it."""
    return str(fill({"name": name}, namespace)["name"])


def in_version(name: str, namespace: str) -> str:
    """Return a name of an org as a version has it: the opposite of `in_org`."""
    return str(generalize({"name": name}, namespace)["name"])


def _fill(part: Any, prefix: str) -> Any:
    match part:
        case str():
            return part.replace(PLACEHOLDER, prefix)
        case list():
            return [_fill(item, prefix) for item in part]
        case dict():
            return {_fill(key, prefix): _fill(value, prefix) for key, value in part.items()}
    return part


def generalize(document: MappingDocument, namespace: str) -> MappingDocument:
    """Return the document with the namespace replaced by the placeholder: the opposite of
    `fill`."""
    if not namespace:
        return document
    # A whole part of a name, with more behind it: acme__c is a field of that name.
    part = re.compile(rf"(^|__){re.escape(namespace)}__(?=\w+__)", re.IGNORECASE)
    general: MappingDocument = _generalize(document, part)
    return general


def _generalize(part: Any, namespace: re.Pattern[str]) -> Any:
    match part:
        # Also inside a name, since a relationship's second half has a namespace of its own. Names
        # are case-insensitive, so an export may spell the namespace in another case.
        case str():
            return namespace.sub(rf"\1{PLACEHOLDER}", part)
        case list():
            return [_generalize(item, namespace) for item in part]
        case dict():
            return {
                _generalize(key, namespace): _generalize(value, namespace)
                for key, value in part.items()
            }
    return part
