"""Some of many, chosen by a rule: the short form of a test that tries every one of them."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Set
from typing import TypeVar

T = TypeVar("T")


def one_of_each(many: Iterable[T], kinds: Callable[[T], Set[Hashable]]) -> Iterator[T]:
    """Yield each that is the first of some kind; one can be of many kinds."""
    known: set[Hashable] = set()
    for each in many:
        new = kinds(each) - known
        known |= new
        if new:
            yield each
