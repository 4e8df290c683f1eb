"""How deeply a JSON text is nested, counted before it is parsed.

The parsers of some Python versions stop at the interpreter's recursion limit, those of others do
not. A count gives the same answer everywhere.
"""

import re

MAX_DEPTH = 50  # levels; a connection with its mappings has about ten

_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_BRACKET = re.compile(r"[\[\]{}]")


def is_too_deep(text: str) -> bool:
    """Return whether `text` opens more than MAX_DEPTH levels; brackets in strings do not count."""
    depth = 0
    for bracket in _BRACKET.finditer(_STRING.sub("", text)):
        depth += 1 if bracket[0] in "[{" else -1
        if depth > MAX_DEPTH:
            return True
    return False
