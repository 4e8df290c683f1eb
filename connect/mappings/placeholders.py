"""The placeholder {ns} in mapping documents, which stands for the package's namespace."""

from typing import Any

from connect.mappings.documents import MappingDocument

PLACEHOLDER = "{ns}"


def fill(document: MappingDocument, namespace: str) -> MappingDocument:
    """Return the document with every placeholder replaced, in names and keys."""
    filled: MappingDocument = _fill(document, f"{namespace}__" if namespace else "")
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


def generalize(document: MappingDocument, namespace: str) -> MappingDocument:
    """Return the document with the namespace replaced by the placeholder: the opposite of
    `fill`."""
    if not namespace:
        return document
    general: MappingDocument = _generalize(document, f"{namespace}__".lower())
    return general


def _generalize(part: Any, prefix: str) -> Any:
    match part:
        # Names are case-insensitive, so an export may spell the namespace in another case.
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
    """Replace the namespace in the second half of a relationship path: Parent__r__acme__Key__c."""
    head, arrow, tail = name.partition("__r__")
    if arrow and tail.lower().startswith(prefix):
        return head + arrow + PLACEHOLDER + tail[len(prefix) :]
    return name
