"""Reads a mapping's configuration from a client, checks it and completes it."""

from typing import Any

from emulator.connect.api.system import error
from emulator.state.behaviour import Behaviour
from emulator.state.entities import Connection
from emulator.state.world import World
from emulator.web.answers import refuse

# The fastest that a demo plan may poll.
DEFAULT_POLLING_SECONDS = 600
MAX_POLLING_SECONDS = 3600
# The value in every public export document.
MAX_DAILY_API_CALLS = 30_000


def minimum_polling_seconds(world: World, connection: Connection) -> int:
    """The shortest polling interval that the connection's plan allows, in seconds."""
    if world.plan_of(connection) == "demo":
        return world.behaviour.demo_minimum_polling_seconds
    return world.behaviour.paid_minimum_polling_seconds


def read_document(
    document: dict[str, Any], minimum: int, behaviour: Behaviour
) -> list[dict[str, Any]]:
    """Read an import document; answers 400 when it is invalid."""
    mappings = document.get("mappings")
    if not isinstance(mappings, list):
        refuse(error(400, "Invalid configuration: mappings is missing."))
    if len(mappings) > behaviour.mapping_limit:
        refuse(error(400, f"A connection has at most {behaviour.mapping_limit} mappings."))
    return [read_mapping(each, minimum, behaviour) for each in mappings]


def read_mapping(mapping: Any, minimum: int, behaviour: Behaviour) -> dict[str, Any]:
    """Read {object_name, config}; answers 400 when it is invalid."""
    if not isinstance(mapping, dict) or not isinstance(mapping.get("object_name"), str):
        refuse(error(400, "Invalid configuration: a mapping needs an object_name."))
    config = mapping.get("config")
    if not isinstance(config, dict) or not isinstance(config.get("fields"), dict):
        refuse(error(400, "Invalid configuration: a mapping needs a config with fields."))
    return {
        "object_name": mapping["object_name"],
        "config": _complete(config, minimum, behaviour),
    }


def _complete(config: dict[str, Any], minimum: int, behaviour: Behaviour) -> dict[str, Any]:
    if config.get("access", "read_only") not in ("read_only", "read_write"):
        refuse(error(400, "Invalid configuration: access is read_only or read_write."))
    seconds = config.get("sf_polling_seconds", DEFAULT_POLLING_SECONDS)
    # A bool is an int in Python.
    if not isinstance(seconds, int) or isinstance(seconds, bool):
        refuse(error(400, "Invalid configuration: sf_polling_seconds is a number."))
    if seconds < minimum and behaviour.refuse_fast_polling:
        refuse(error(400, f"sf_polling_seconds must be at least {minimum} on this plan."))
    indexes = config.get("indexes", {})
    if not isinstance(indexes, dict) or not all(isinstance(x, dict) for x in indexes.values()):
        refuse(error(400, "Invalid configuration: indexes are objects by field."))
    if not isinstance(config.get("upsert_field") or "", str):
        refuse(error(400, "Invalid configuration: upsert_field is the name of a field."))
    # A missing `indexes` stays missing, as in old exports.
    known: dict[str, Any] = {
        name: config[name] for name in ("fields", "indexes", "upsert_field") if name in config
    }
    return {
        "access": config.get("access", "read_only"),
        "sf_notify_enabled": bool(config.get("sf_notify_enabled", False)),
        # Whether Heroku adjusts or refuses another interval is not documented.
        "sf_polling_seconds": min(max(seconds, minimum), MAX_POLLING_SECONDS),
        "sf_max_daily_api_calls": config.get("sf_max_daily_api_calls", MAX_DAILY_API_CALLS),
        **known,
    }
