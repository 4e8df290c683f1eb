"""API names: their syntax, their namespace, and equal names in another case."""

import re
from collections.abc import Iterable, Iterator

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
# Salesforce ends custom names so: __c for objects and fields, __r for relationships, and more.
_CUSTOM_SUFFIXES = {"c", "r", "e", "x", "mdt"}
_NO_NAMESPACE = (
    "A custom name without a namespace. The package’s own names begin with {}__ in this org. "
    "If it belongs to the package, write {{ns}} before it."
)


def is_api_name(name: str) -> bool:
    """Return whether Salesforce could have such a name."""
    return _NAME.fullmatch(name) is not None


def lacks_namespace(name: str, namespace: str) -> bool:
    """Return whether a custom part of a name lacks the org's namespace."""
    if not namespace:
        return False
    words: list[str] = []
    for word in name.split("__"):
        if word.lower() in _CUSTOM_SUFFIXES:
            # One word before the suffix is the bare name; with a namespace there are two.
            if len(words) == 1:
                return True
            words = []
        else:
            words.append(word)
    return False


def no_namespace_text(namespace: str) -> str:
    """Return the advice for a custom name without a namespace."""
    return _NO_NAMESPACE.format(namespace)


def repeated(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield each repeated name with its first spelling; names are case-insensitive."""
    seen: dict[str, str] = {}
    for name in names:
        if name.lower() in seen:
            yield name, seen[name.lower()]
        seen.setdefault(name.lower(), name)


def twice_text(what: str, name: str, first: str) -> str:
    """Return the text for an object or field that is mapped twice."""
    also = "" if name == first else f" (also as {first}: names are case-insensitive)"
    return f"The same {what} is mapped twice{also}."
