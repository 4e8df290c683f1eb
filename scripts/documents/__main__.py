"""Write the blocks that documents take from the code, or with --check fail if one is stale."""

import os
import sys
from pathlib import Path

import django

from scripts.documents import blocks

ROOT = Path(__file__).resolve().parents[2]


def main(arguments: list[str]) -> int:
    """Return the exit code: 1 if a block was to be checked and is stale."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.project.settings")
    os.chdir(ROOT)
    django.setup()
    from scripts.documents.writers import WRITERS  # needs Django's models

    stale = list(blocks.stale(blocks.documents(ROOT), WRITERS))
    if "--check" in arguments:
        for path, _ in stale:
            print(f"{path.relative_to(ROOT)} is not what the code says: run make docs")
        return 1 if stale else 0
    for path, text in stale:
        path.write_text(text)
        print(f"{path.relative_to(ROOT)} is written")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
