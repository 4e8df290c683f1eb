"""Where the package's source lies."""

from pathlib import Path

ROOT = Path(__file__).parents[2] / "salesforce"
PACKAGE = ROOT / "force-app" / "main" / "default"
CLASSES = PACKAGE / "classes"
