"""The rules of the linter for mapping documents."""

from connect.mappings.lint.rulebook import RULEBOOK
from scripts.documents.blocks import table


def rules(level: str) -> str:
    """Return a table of the rules that the document alone (or an org) can tell: what to do."""
    rows = [
        (f"`{name}`", rule.severity, rule.meaning, rule.consequence, rule.advice)
        for name, rule in RULEBOOK.items()
        if rule.level == level
    ]
    return table(("rule", "severity", "what it finds", "if it is sent anyway", "what to do"), rows)
