"""docs/emulator.md against the code."""

import dataclasses
from pathlib import Path

import pytest

from emulator.server.systems import SYSTEMS
from emulator.state.behaviour import Behaviour
from emulator.state.faults import Fault

TEXT = (Path(__file__).parents[2] / "docs" / "emulator.md").read_text()
NOT_ASKED_FOR = {"id", "met"}


@pytest.mark.parametrize("switch", [each.name for each in dataclasses.fields(Behaviour)])
def test_every_switch_is_documented(switch: str) -> None:
    assert f"`{switch}`" in TEXT


@pytest.mark.parametrize(
    "key", [each.name for each in dataclasses.fields(Fault) if each.name not in NOT_ASKED_FOR]
)
def test_every_key_of_a_fault_is_documented(key: str) -> None:
    assert f"`{key}`" in TEXT or f'"{key}"' in TEXT


@pytest.mark.parametrize(
    "word",
    sorted(
        {
            part
            for rule in SYSTEMS["control"].rules
            for part in rule.rule.split("/")
            if part and "<" not in part
        }
    ),
)
def test_every_call_of_control_is_documented(word: str) -> None:
    assert f"/{word}" in TEXT
