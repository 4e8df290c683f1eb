"""Blocks of documents are replaced by what the code says, and no arrow is lost."""

from pathlib import Path

import pytest

from scripts.documents import blocks, rooms

TEXT = "before\n<!-- from the code: rooms connect -->\nold\n<!-- end -->\nafter\n"
WRITERS = {"rooms": lambda argument: f"the rooms of {argument}"}


def arrows(*pairs: str) -> rooms.Arrows:
    """Return arrows from "a b" for a that imports b."""
    found: rooms.Arrows = {}
    for pair in pairs:
        start, end = pair.split()
        found.setdefault(start, set()).add(end)
        found.setdefault(end, set())
    return found


def test_a_block_is_replaced_and_all_else_is_kept() -> None:
    assert blocks.renew(TEXT, WRITERS) == TEXT.replace("\nold\n", "\n\nthe rooms of connect\n\n")


def test_a_block_that_is_written_again_stays_the_same() -> None:
    once = blocks.renew(TEXT, WRITERS)
    assert blocks.renew(once, WRITERS) == once


def test_an_unknown_writer_is_an_error() -> None:
    with pytest.raises(KeyError, match="rooms"):
        blocks.renew(TEXT, {})


def test_only_files_with_a_stale_block_are_found(tmp_path: Path) -> None:
    fresh, old = tmp_path / "fresh.md", tmp_path / "old.md"
    old.write_text(TEXT)
    fresh.write_text(blocks.renew(TEXT, WRITERS))
    assert [path for path, _ in blocks.stale([fresh, old], WRITERS)] == [old]


def test_an_arrow_is_left_out_where_a_longer_way_leads_to_the_same_room() -> None:
    shown = rooms.shown(arrows("a b", "b c", "a c"))
    assert shown == [("a", "b"), ("b", "c")]


def test_every_arrow_of_a_circle_is_shown() -> None:
    shown = rooms.shown(arrows("a b", "b a", "a c", "c b", "b c"))
    assert {("a", "b"), ("b", "a"), ("b", "c"), ("c", "b")} <= set(shown)


def test_a_module_without_a_docstring_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parents[2])
    with pytest.raises(LookupError, match="has no docstring"):
        rooms.purpose("tests.scripts")
