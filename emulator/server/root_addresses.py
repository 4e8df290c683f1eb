"""Addresses without a system's prefix: many tools keep a host, but not its path."""

from typing import Any

from emulator.web.routing import System

# In each of them, the first part of an address tells the systems apart.
WITHOUT_PREFIX = ("heroku", "central", "region")


def roots(systems: dict[str, System]) -> dict[str, str]:
    """Map the first part of each address below a system to the system's name."""
    return {
        rule.rule.split("/")[1]: name for name in WITHOUT_PREFIX for rule in systems[name].rules
    }


def with_prefix(environ: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    """Return a call's environment with its system in the path, also where it was left out."""
    path = environ["PATH_INFO"]
    system = names.get(path.lstrip("/").partition("/")[0])
    return {**environ, "PATH_INFO": f"/{system}{path}"} if system else environ
