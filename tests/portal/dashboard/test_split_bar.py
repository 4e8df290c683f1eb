"""A bar of results: a part for each, the same figures as text, no inline style."""

import pytest

from portal.dashboard.split_bar import SplitBar

TONES = {"done": "good", "skipped": "muted", "failed": "bad"}


def bar(total: int = 10, **ended: int) -> SplitBar:
    return SplitBar("Pause", ended, total, TONES)


@pytest.mark.parametrize(
    ("ended", "total", "parts", "words"),
    [
        ({"done": 10}, 10, [("good", 0, 100)], "10 done"),
        (
            {"done": 5, "skipped": 2, "failed": 3},
            10,
            [("good", 0, 50), ("muted", 50, 20), ("bad", 70, 30)],
            "5 done, 2 skipped, 3 failed",
        ),
        ({"done": 1, "failed": 0}, 4, [("good", 0, 25)], "1 done, 3 still to do"),
        ({"done": 0}, 3, [], "3 still to do"),
        ({}, 0, [], "0 done"),
    ],
)
def test_each_result_has_its_part_and_the_rest_is_still_to_do(
    ended: dict[str, int], total: int, parts: list[tuple[str, float, float]], words: str
) -> None:
    shown = bar(total, **ended)
    assert [(part.tone, part.start, part.width) for part in shown.parts] == parts
    assert shown.as_text == words


def test_one_failure_among_thousands_is_seen_and_the_bar_does_not_grow() -> None:
    parts = list(bar(5000, done=4999, failed=1).parts)
    assert parts[1].width > 0.9
    assert sum(part.width for part in parts) == pytest.approx(100, abs=0.1)


def test_it_is_drawn_without_style_or_script_and_named_for_those_who_cannot_see_it() -> None:
    html = bar(10, done=5, failed=3).render()
    assert 'aria-label="Pause: 5 done, 3 failed, 2 still to do"' in html
    assert '<rect class="fill-bad" x="50.0" width="30.0" height="6">' in html
    assert "style" not in html
