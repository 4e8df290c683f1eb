"""How the emulated systems behave where the real ones are slow, unreliable or undocumented.

Durations are in emulated seconds; with 0 the thing happens before the next answer. The lifetimes of
links, codes, tokens and idleness run in real time, because a person acts during them.
"""

import dataclasses
from dataclasses import dataclass, field
from typing import Any

INSTANT: dict[str, float] = dict.fromkeys(
    (
        "provisioning_seconds",
        "configure_seconds",
        "import_lag_seconds",
        "import_seconds",
        "initial_seconds",
        "bulk_wait_seconds",
        "bulk_load_seconds",
        "recovery_seconds",
        "validation_seconds",
    ),
    0,
)


@dataclass
class Behaviour:
    """The switches of POST /control/behaviour; the defaults follow the real systems."""

    # Heroku Platform API
    provisioning_seconds: float = 10
    provisioning_fails: bool = False
    # Above 0, a deleted add-on is `deprovisioning` for so long.
    deprovisioning_seconds: float = 0
    # All config vars of an app together, names and values.
    config_bytes: int = 32_768
    apps_per_account: int = 100
    # A month's price of each plan, as "enterprise=50000"; one without is by contract or free.
    plan_cents: list[str] = field(default_factory=list)
    confirmation_required: bool = False
    # Documented: calls for an account, and how many come back each minute.
    rate_limit: int = 4500
    rate_limit_per_minute: float = 75
    revoked_tokens: list[str] = field(default_factory=list)
    token_scopes: list[str] = field(default_factory=lambda: ["global"])
    taken_names: list[str] = field(default_factory=list)
    isv_slugs: list[str] = field(default_factory=list)
    isv_teams: list[str] = field(default_factory=list)
    # Heroku Connect
    unequal_connection_ids: bool = False
    merged_writes: bool = False
    cells: int = 1
    ignored_patches: int = 0
    configure_seconds: float = 2
    database_away: bool = False
    # Not documented, but a link that lives for weeks would be a risk.
    authorize_url_seconds: float = 600
    import_lag_seconds: float = 5
    import_seconds: float = 5
    initial_seconds: float = 5
    bulk_wait_seconds: float = 5
    bulk_load_seconds: float = 15
    recovery_seconds: float = 10
    pause_seconds: float = 0
    validation_seconds: float = 5
    # Documented: the log is read every two minutes, or ten seconds after a notification.
    db_poll_seconds: float = 120
    notify_seconds: float = 10
    # Documented for the two kinds of plan: ten minutes, two minutes.
    demo_minimum_polling_seconds: int = 600
    paid_minimum_polling_seconds: int = 120
    refuse_fast_polling: bool = False
    demo_row_limit: int = 10_000
    # The limit that Heroku's own diagnosis names.
    mapping_limit: int = 100
    regions_match: bool = True
    drop_table_with_mapping: bool = True
    archive_seconds: float = 60
    # Documented: an unused demo connection slows down in steps and is paused in the end.
    hourly_polls_after_seconds: float = 7 * 86_400
    daily_polls_after_seconds: float = 14 * 86_400
    pause_after_seconds: float = 31 * 86_400
    latest_api_version: str = "65.0"
    # Salesforce
    # The client's kind: packaged or local (an External Client App), connected (made before 2026).
    client_app: str = "packaged"
    callbacks: list[str] = field(default_factory=list)
    code_seconds: float = 900
    access_token_seconds: float = 7200
    # Salesforce's rules for partners: 30 days, five grants, refresh tokens that work once.
    refresh_idle_seconds: float = 30 * 86_400
    grants_per_user: int = 5
    rotate_refresh_tokens: bool = True
    # X
    # Documented: 450 calls in 15 minutes for an app; 512 characters without an enterprise contract.
    x_rate_limit: int = 450
    x_window_seconds: float = 900
    x_query_length: int = 512
    x_monthly_cap: int = 0  # posts; 0 means no cap
    x_credit: int = 0  # posts; 0 means unlimited
    x_spend_cap: int = 0  # posts and accounts; 0 means no cap
    x_unknown_users: list[str] = field(default_factory=list)
    x_usage: bool = True
    x_new_names: bool = False

    def change(self, changes: dict[str, Any]) -> None:
        """Set all given switches or none; raises ValueError that names the first wrong one."""
        known = {each.name: getattr(self, each.name) for each in dataclasses.fields(self)}
        for name, value in changes.items():
            if name not in known:
                raise ValueError(f"unknown behaviour: {name}")
            if not _fits(known[name], value):
                raise ValueError(f"{name} must look like {known[name]!r}")
        for name, value in changes.items():
            setattr(self, name, value)


def _fits(current: Any, value: Any) -> bool:
    # First, because a bool is an int in Python.
    if isinstance(current, bool) or isinstance(value, bool):
        return isinstance(current, bool) and isinstance(value, bool)
    if isinstance(current, (int, float)):
        return isinstance(value, (int, float)) and value >= 0
    if isinstance(current, list):
        return isinstance(value, list) and all(isinstance(each, str) for each in value)
    return isinstance(value, str)
