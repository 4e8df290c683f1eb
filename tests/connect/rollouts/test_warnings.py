"""How the warnings of many tenants are said: each rule and place once."""

import pytest

from connect.rollouts.warnings import CheckWarning

SAME = "It points to two objects."


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ([("Acme", SAME)], f"Task: {SAME} [rule] (1 tenant: Acme)"),
        (
            [(name, SAME) for name in ("Acme", "Borealis", "Cascade", "Dune", "Eon")],
            f"Task: {SAME} [rule] (5 tenants: Acme, Borealis, Cascade and 2 more)",
        ),
        (
            [("Acme", "About 12 rows."), ("Dune", "About 9 rows.")],
            "Task [rule] (2 tenants): Acme: About 12 rows; Dune: About 9 rows.",
        ),
        (
            [(f"Fleet {number}", f"About {number} rows.") for number in range(1, 401)],
            "Task [rule] (400 tenants): Fleet 1: About 1 rows; Fleet 2: About 2 rows; "
            "Fleet 3: About 3 rows and 397 more.",
        ),
    ],
)
def test_a_warning_is_said_once_for_all_its_tenants(
    found: list[tuple[str, str]], said: str
) -> None:
    assert str(CheckWarning("Task", "rule", found)) == said
