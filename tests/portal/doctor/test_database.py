"""How a database is reached is said; in clear it is only reached where its address asks for it."""

import pytest

from portal.doctor import database

WANTED = {"sslmode": "disable"}


@pytest.mark.parametrize(
    ("options", "is_remote", "is_encrypted", "said"),
    [
        ({"sslmode": "require"}, True, True, "by TLS"),
        ({}, False, False, "on this machine"),
        (WANTED, False, False, "on this machine"),
        (WANTED, True, False, "over the network without TLS, as its address says"),
    ],
)
def test_how_a_database_is_reached_is_said(
    options: dict[str, str], is_remote: bool, is_encrypted: bool, said: str
) -> None:
    how = database.way(options, is_remote, is_encrypted)
    assert how.startswith(said)
    assert problems(how) == []


def test_a_database_in_clear_is_a_problem_if_its_address_does_not_ask_for_it() -> None:
    (problem,) = problems(database.way({"sslmode": "prefer"}, True, False))
    assert "reached over the network without TLS" in problem


def problems(how: str) -> list[str]:
    """Return what is wrong with a database that is right in all else."""
    found = database._of_database("DATABASE_URL", database.OLDEST, True, True, how)
    return [each.text for each in found]
