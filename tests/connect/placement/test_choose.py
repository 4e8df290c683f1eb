"""Placement as a table: which host app gets a connection, and why not another."""

from dataclasses import replace
from typing import Any

import pytest

from connect.models import Connection
from connect.placement.choose import Room, Wanted, choose, config_bytes
from connect.placement.place import NO_ROOM

PLAN = "herokuconnect:enterprise"
EMPTY = Room(
    id=1,
    name="a",
    region="us",
    plan="",
    database="default",
    config_var="DATABASE_URL",
    addons=0,
    max_addons=10,
    config_bytes=0,
    max_config_bytes=32_000,
)


def room(name: str, **facts: Any) -> Room:
    return replace(EMPTY, name=name, id=ord(name), **facts)


CASES: dict[str, tuple[list[Room], Wanted, str]] = {
    "the only one": ([room("a")], Wanted(PLAN), "a"),
    "the emptiest by share": (
        [room("a", addons=6), room("b", addons=50, max_addons=100)],
        Wanted(PLAN),
        "b",
    ),
    "of equals the first by name": ([room("b"), room("a")], Wanted(PLAN), "a"),
    "a full one is left out": ([room("a", addons=10), room("b", addons=9)], Wanted(PLAN), "b"),
    "full by its config vars": (
        [room("a", config_bytes=31_950), room("b", addons=9)],
        Wanted(PLAN),
        "b",
    ),
    "a closed one is left out": ([room("a", accepts=False), room("b")], Wanted(PLAN), "b"),
    "one that is not ready": ([room("a", is_ready=False), room("b")], Wanted(PLAN), "b"),
    "one whose database is away": ([room("a", is_away=True), room("b")], Wanted(PLAN), "b"),
    "one for its plan": (
        [room("a", plan="herokuconnect:shield"), room("b", addons=9)],
        Wanted(PLAN),
        "b",
    ),
    "the region that the tenant had": (
        [room("a"), room("b", region="eu", addons=9)],
        Wanted(PLAN, region="eu"),
        "b",
    ),
    "the database that the tenant had": (
        [room("a"), room("b", database="tenants_eu", addons=9)],
        Wanted(PLAN, database="tenants_eu"),
        "b",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_right_host_app_is_chosen(case: str) -> None:
    rooms, wanted, expected = CASES[case]
    chosen = choose(rooms, wanted).room
    assert chosen is not None
    assert chosen.name == expected


REFUSALS: dict[str, tuple[Room, Wanted, str]] = {
    "full": (room("a", addons=10), Wanted(PLAN), "a is full"),
    "closed": (room("a", accepts=False), Wanted(PLAN), "a accepts no new tenants"),
    "not ready": (room("a", is_ready=False), Wanted(PLAN), "a is not ready"),
    "plan": (room("a", plan="x"), Wanted(PLAN), "a takes x only"),
    "region": (room("a"), Wanted(PLAN, region="eu"), "a is in us and not in eu"),
    "database": (room("a"), Wanted(PLAN, database="b"), "a has not the database b"),
    "away": (room("a", is_away=True), Wanted(PLAN), "a has a database that does not answer"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_without_room_the_reason_names_the_host_app(case: str) -> None:
    only, wanted, expected = REFUSALS[case]
    choice = choose([only], wanted)
    assert choice.room is None
    assert choice.refusal.startswith(expected)


def test_without_any_host_app_the_reason_says_so() -> None:
    assert choose([], Wanted(PLAN)).refusal == "there is no host app"


def test_several_reasons_are_one_line() -> None:
    rooms = [room("b", addons=10), room("a", accepts=False)]
    assert choose(rooms, Wanted(PLAN)).refusal == "a accepts no new tenants, b is full"


def test_of_many_host_apps_the_reason_names_one_for_each_kind() -> None:
    rooms = [replace(EMPTY, name=f"isv-{n}", addons=10, accepts=n > 2) for n in range(1, 201)]
    assert choose(rooms, Wanted(PLAN)).refusal == (
        "isv-10 is full (and 197 more), isv-1 accepts no new tenants (and 1 more)"
    )


def test_the_reason_fits_into_its_column_at_its_longest() -> None:
    long, other = "r" * 40, "d" * 60
    rooms = [
        replace(EMPTY, name=f"{'n' * 24}{n:06d}", region=f"{n:02d}{long[2:]}", plan=plan)
        for n in range(1000, 1050)
        for plan in ("", f"{n}{other[4:]}")
    ]
    refusal = choose(rooms, Wanted(PLAN, long, other)).refusal
    column = Connection._meta.get_field("waiting_for")
    assert refusal.endswith(", and others")
    assert len(NO_ROOM.format(refusal)) <= (column.max_length or 0)


@pytest.mark.parametrize(("config_var", "generation", "size"), [
    ("DATABASE_URL", 1, len("HC_00DB00000002NDMMAM_1_URL" "DATABASE_URL:sf_00db00000002ndmmam_1")),
    ("TENANTS_URL", 12, len("HC_00DB00000002NDMMAM_12_URL" "TENANTS_URL:sf_00db00000002ndmmam_12")),
])  # fmt: skip
def test_bytes_are_those_of_the_config_var_that_an_addon_gets(
    config_var: str, generation: int, size: int
) -> None:
    assert config_bytes(config_var, generation) == size


def test_about_500_addons_fit_into_the_config_vars_of_an_app() -> None:
    assert 480 < replace(EMPTY, max_addons=10_000).free < 520
