"""What an action did: done, skipped (why) and failed (why) are three results."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from django.db.models import Model

from connect.formats import in_sentence

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True)
class Unmet:
    """One that was skipped or has failed, and why. `why` is the end of a sentence."""

    name: str
    why: str


@dataclass(frozen=True)
class Result:
    """What an action did.

    `text` follows the action's label in the message: "is queued for Acme.". It is "" if nothing was
    done. `then` is a row whose page is shown next, where it is another one.
    """

    text: str = ""
    skipped: list[Unmet] = field(default_factory=list)
    failed: list[Unmet] = field(default_factory=list)
    then: Model | None = None

    def with_skipped(self, more: Iterable[Unmet]) -> "Result":
        """Return the result with more that were skipped."""
        return replace(self, skipped=[*self.skipped, *more])


def done(name: object, more: str = "", *, then: Model | None = None) -> Result:
    """Return the result of an action that is done."""
    return Result(f"is done for {name}. {more}".strip(), then=then)


def queued(name: object, more: str = "", *, then: Model | None = None) -> Result:
    """Return the result of an action that the worker will do."""
    return Result(f"is queued for {name}. {more}".strip(), then=then)


def skipped(name: object, why: object) -> Result:
    """Return the result of an action that turned out not to be possible."""
    return Result(skipped=[Unmet(str(name), in_sentence(str(why).rstrip(".")))])


def of_some(
    targets: Sequence[Row],
    changed: Collection[Row],
    why: str,
    *,
    said: Callable[[str], Result] = done,
    naming: Callable[[Row], str] = str,
) -> Result:
    """Return the result of an action on many. `why` is why the others are not `changed`."""
    result = said(", ".join(map(naming, changed))) if changed else Result()
    others = (each for each in targets if each not in changed)
    return result.with_skipped(Unmet(naming(each), why) for each in others)
