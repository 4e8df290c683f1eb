"""Apex classes of the Salesforce package, which make salesforce type-checks."""

from pathlib import Path

CLASSES = Path("salesforce/force-app/main/default/classes")


def source(name: str) -> str:
    """Return a class in full."""
    text = (CLASSES / f"{name}.cls").read_text().strip()
    return f"```java\n{text}\n```"
