"""How an emulator is started."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Options:
    """How to start an emulator. `port` 0 picks a free one; `speed` multiplies every duration.

    `app` is the app that runs the portal. `databases` are further Postgres add-ons that apps can
    attach, their addresses by name.
    """

    database_url: str
    databases: dict[str, str] = field(default_factory=dict)
    app: str = "multiconnect-demo"
    callback: str = "http://127.0.0.1:5000/auth/salesforce/callback"
    host: str = "127.0.0.1"
    port: int = 0
    speed: float = 1
    client_id: str = "emulator-key"
    client_secret: str = "emulator-secret"  # noqa: S105 - of a made-up app, no secret
    behaviour: dict[str, Any] = field(default_factory=dict)
