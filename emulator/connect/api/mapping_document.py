"""The JSON document of a mapping."""

from typing import Any

from emulator.connect.api.system import API
from emulator.state.entities import Mapping
from emulator.times import iso


def mapping_json(base: str, mapping: Mapping) -> dict[str, Any]:
    """Show a mapping with every key."""
    here = f"{API}/mappings/{mapping.id}"
    config = mapping.config
    counted = iso(mapping.counted_at) if mapping.counted_at else None
    # All four keys are always there; null means that it has not happened yet.
    times = dict.fromkeys(("sf_poll", "sf_write", "db_poll", "db_write"))
    return {
        "id": mapping.id,
        "_id": mapping.number,
        "object_name": mapping.object_name,
        "state": mapping.state,
        "config": config,
        "detail_url": here,
        "errors_url": f"{here}/errors",
        # Absolute, while the other two are relative, as in Heroku's fixtures.
        "schema_url": (
            f"{base}/region{API}/connections/{mapping.connection_id}/schemas/{mapping.object_name}"
        ),
        "created_at": iso(mapping.created_at),
        "updated_at": iso(mapping.updated_at),
        "connection": {"id": mapping.connection_id},
        "sf_notify_enabled": config["sf_notify_enabled"],
        "sf_polling_seconds": config["sf_polling_seconds"],
        "access": config["access"],
        "counts": {"db": 0, "sf": 0, "pending": 0, "errors": 0, **mapping.counts},
        "actively_writing": False,
        "state_description": mapping.state_description,
        "sync_flags": {},
        "times": {**times, **mapping.times},
        "has_hc_columns": True,
        "db_count_date": counted,
        "salesforce_count_date": counted,
        "is_polling": mapping.state.startswith("POLLING"),
        "upsert_field": config.get("upsert_field"),
    }
