"""What this machine lacks: its tests are skipped, but fail in CI and before a release."""

import os
from typing import NoReturn

import pytest


def lacking(program: str) -> NoReturn:
    """Skip the test, or fail it where `CI` is set."""
    reason = f"{program} is not installed. To run this test: apt-get install {program}"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
