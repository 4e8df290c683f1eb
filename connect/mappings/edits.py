"""Changing one mapping's configuration, as staff do for one tenant."""

from collections.abc import Mapping
from typing import Any

EDITABLE = ("access", "sf_polling_seconds", "upsert_field", "fields")
Config = Mapping[str, Any]


def edited(before: Config, answers: Config) -> dict[str, Any]:
    """Return a configuration with the answers of a form that shows the EDITABLE keys.

    A field that goes takes its index along, and its entry as the unique identifier: Heroku Connect
    cannot keep either for a field that is not mapped.
    """
    # Heroku Connect writes applied_at itself.
    after = {key: value for key, value in before.items() if key != "applied_at"}
    after |= {key: answers[key] for key in EDITABLE if key in answers}
    mapped = _mapped(after)
    if "indexes" in after:
        after["indexes"] = {
            name: index for name, index in after["indexes"].items() if name.lower() in mapped
        }
    identifier = str(after.get("upsert_field") or "").lower()
    goes = identifier not in mapped and identifier == str(before.get("upsert_field") or "").lower()
    # Heroku Connect's own documents leave it out where there is none.
    if goes or not identifier:
        after.pop("upsert_field", None)
    return after


def is_there(now: Config, answers: Config) -> bool:
    """Return whether a configuration has the answers of a form already."""
    kept = {key: value for key, value in now.items() if key != "applied_at"}
    return edited(now, answers) == kept


def gone_along(before: Config, after: Config) -> str:
    """Return which indexes, and which identifier, went with their fields; "" if none did."""
    mapped, identifier = _mapped(after), before.get("upsert_field")
    gone = [
        f"the index on {each}" for each in before.get("indexes", {}) if each.lower() not in mapped
    ]
    if identifier and identifier.lower() not in mapped and "upsert_field" not in after:
        gone.append(f"the unique identifier {identifier}")
    return f" Gone with their fields: {', '.join(gone)}." if gone else ""


def _mapped(config: Config) -> set[str]:
    return {name.lower() for name in config.get("fields", {})}
