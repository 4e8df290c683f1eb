"""The runbook, as the portal's own page shows it."""

from connect import runbook
from connect.runbook import Entry


def write(_: str) -> str:
    """Return every chapter with its entries."""
    return "\n\n".join(
        "\n\n".join((f"## {chapter.title}", *map(_entry, chapter.entries)))
        for chapter in runbook.chapters()
    )


def _entry(entry: Entry) -> str:
    lines = (
        f'<a id="{entry.anchor}"></a>',
        "",
        f"### {entry.title}",
        "",
        entry.means,
        "",
        f"- **The portal:** {entry.portal}",
        f"- **You:** {entry.press}",
        f"- **The subscriber sees:** {entry.subscriber}",
        f"- **Whom to ask:** {entry.ask}",
    )
    return "\n".join(lines)
