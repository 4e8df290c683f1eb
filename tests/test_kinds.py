"""The rule by which a short form of a test chooses."""

from tests.kinds import one_of_each


def test_each_that_brings_a_new_kind_is_chosen() -> None:
    words = ["an", "as", "be", "ax", "box"]
    assert list(one_of_each(words, lambda word: set(word))) == ["an", "as", "be", "ax", "box"]
    assert list(one_of_each(words, lambda word: {word[0]})) == ["an", "be"]
    assert list(one_of_each(words, lambda word: {word[0], len(word)})) == ["an", "be", "box"]
