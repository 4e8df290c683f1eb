"""The word list finds what it should, and nothing else."""

import pytest

from scripts.words import ROOT, WordList, read

LIST = """
files = ["*.py", "docs/*"]
skipped = ["*/migrations/*"]
[[word]]
pattern = '\\bwhat came of\\b'
instead = "the result"
[[word]]
pattern = '\\bMOST_'
instead = "MAX_"
case = true
allowed = ["old/*"]
"""


@pytest.fixture
def words() -> WordList:
    return read(LIST)


def places(words: WordList, path: str, text: str) -> list[str]:
    return [place for word in words.words for place in word.find(path, text)]


@pytest.mark.parametrize(
    "text", ["What came of it", "what came\nof it", "# what\n# came of", "what\n> came   of"]
)
def test_a_sentence_is_found_over_the_end_of_a_line(words: WordList, text: str) -> None:
    assert len(places(words, "a.py", text)) == 1


def test_a_place_has_its_line_and_what_to_write(words: WordList) -> None:
    assert places(words, "a.py", "x = 1\nMOST_ROWS = 2\n") == ["a.py:2: MOST_: write MAX_"]


def test_case_counts_where_the_list_says_so(words: WordList) -> None:
    assert places(words, "a.py", "most_rows") == []


def test_a_word_is_right_where_the_list_allows_it(words: WordList) -> None:
    assert places(words, "old/a.py", "MOST_ROWS") == []


@pytest.mark.parametrize(
    ("path", "covered"),
    [
        ("a.py", True),
        ("a/b.py", True),
        ("docs/a.md", True),
        ("a.md", False),
        ("x/migrations/a.py", False),
    ],
)
def test_which_files_are_read(words: WordList, path: str, covered: bool) -> None:
    assert words.covers(path) is covered


def test_the_project_s_list_can_be_read() -> None:
    assert read((ROOT / "scripts" / "words.toml").read_text()).words
