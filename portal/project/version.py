"""The version of the product. Its one place is pyproject.toml."""

import tomllib

from portal.project.environment import BASE_DIR

VERSION: str = tomllib.loads((BASE_DIR / "pyproject.toml").read_text())["project"]["version"]
