"""The demo's settings: nothing in it leads to the world outside."""

from pathlib import Path

from demo.environment import environment
from demo.plan import Plan
from portal.project import checks

SECRETS = {"key": "k", "fernet": "f", "registration": "r", "password": "p"}


def test_every_outside_address_is_the_emulators(tmp_path: Path) -> None:
    plan = Plan(tmp_path, 6110, 6111, durable=False)
    found = environment(plan, "postgres://", SECRETS)
    for name in (*checks.BASE_URLS, "X_API_URL"):
        assert found[name].startswith(f"{plan.emulator_url}/"), name
