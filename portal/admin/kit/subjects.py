"""Pages whose rows are about one tenant: the actions on tenants are offered on each of them.

How the tenant stands decides which button stands out; lists show it as a badge.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import quote
from django.contrib.admin.views.main import ChangeList
from django.core.cache import cache
from django.http import HttpRequest
from django.utils import timezone

from connect import holds, standing
from connect.formats import in_sentence
from connect.models import Connection
from connect.standing import TONES, Standing, Word
from portal import remedy_pages, show
from portal.actions import action as registry
from portal.actions.subject import Subject
from portal.admin.kit.actions import ActionsAdmin
from portal.admin.kit.base import Tallies
from portal.admin.kit.buttons import Button
from portal.admin.kit.lists import Tally
from portal.dashboard.numbers import MANY
from portal.questions import Answer, later
from tenants.batching import Asking, batched, gather, together

KEPT_SECONDS = 10  # in each process, since to count looks at the fleet


class SubjectAdmin(ActionsAdmin):
    """A model whose `subject` returns a tenant with its connection."""

    noun = "tenants"

    def captions(self, targets: Sequence[Subject]) -> list[str]:
        """Return what tells tenants of the same name apart, and how they stand."""
        found = standings(targets)
        return [
            f"{each.tenant.org_id}, {in_sentence(seen.label)}"
            for each, seen in zip(targets, found, strict=True)
        ]

    def buttons(
        self, request: HttpRequest, row: Any, found: Standing | None = None
    ) -> list[Button]:
        """Return the one right action first; it alone stands out. `found` is how it stands."""
        subject = self.subject(row)
        remedy = (found or standings([subject])[0]).remedy
        offered = registry.offered(self.model, request.user, subject)
        first = [each for each in offered if each.name == remedy.action]
        others = [each for each in offered if each.name != remedy.action]
        buttons = [self._button(each, quote(row.pk), primary=True) for each in first]
        if remedy.page:
            address = remedy_pages.address(remedy.page, subject.tenant)
            buttons = [Button(remedy.page.value, remedy.do, address, False, False, "")]
        return [*buttons, *(self._button(each, quote(row.pk), primary=False) for each in others)]


class StandingAdmin(SubjectAdmin):
    """A list of tenants or connections, counted and filtered by the words of their badges."""

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        listed: ChangeList = super().get_changelist_instance(request)
        # Read for the whole page at once.
        rows = list(listed.result_list)
        together(self.read_beside(rows, timezone.now()))
        listed.result_list = rows
        return listed

    def read_beside(self, rows: list[Any], now: datetime) -> Asking[None]:
        """Set how each row of a page stands, and what holds it up."""
        subjects = [self.subject(row) for row in rows]
        connections = _connections(subjects)
        found, held = yield from gather(standings.asking(subjects), holds.asking(connections, now))
        for row, subject, seen in zip(rows, subjects, found, strict=True):
            row.standing = seen
            row.holds = held[subject.connection.pk] if subject.connection else []

    def tallies(self, request: HttpRequest) -> Tallies:
        """Ask for the number of rows by the words of their badges."""
        return partial(self._by_word, request, later(request, self._kept_words()))

    def _by_word(self, request: HttpRequest, counted: Answer) -> list[Tally]:
        numbers = counted()
        return [
            self.tally(request, word.label, numbers[word], "standing", word.value)
            for word in Word
            if numbers.get(word)
        ]

    def count_words(self) -> Asking[dict[Word, int]]:
        """Ask how many rows have each word."""
        return standing.counts.asking(timezone.now())

    def _kept_words(self) -> Asking[dict[Word, int]]:
        """Ask the same; the numbers of a large fleet are at most KEPT_SECONDS old."""
        key = f"words-{self.opts.model_name}"
        kept: dict[Word, int] | None = cache.get(key)
        if kept is not None:
            return kept
        found = yield from self.count_words()
        if sum(found.values()) > MANY:
            cache.set(key, found, KEPT_SECONDS)
        return found

    def tone(self, value: Any) -> str:
        return TONES[Word(value)]

    @admin.display(description="standing")
    def badge(self, row: Any) -> str:
        return show.standing(row.standing)

    @admin.display(description="why")
    def why(self, row: Any) -> str:
        return f"{row.standing.why} {holds.in_words(row.holds)}".strip()


@batched
def standings(subjects: Iterable[Subject]) -> Asking[list[Standing]]:
    """Return how tenants stand, in their order, with two queries."""
    rows = list(subjects)
    found = yield from standing.of_many.asking(_connections(rows))
    return [
        found[each.connection.pk] if each.connection else standing.without_connection(each.tenant)
        for each in rows
    ]


def _connections(subjects: Iterable[Subject]) -> list[Connection]:
    return [each.connection for each in subjects if each.connection]
