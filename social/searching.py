"""Searching X for the posts of a run, within its time, its budget and what X allows."""

import logging
import time
from collections.abc import Callable
from datetime import UTC, timedelta

from django.db.models import Q
from django.utils import timezone

from connect.clients.http import RemoteError
from connect.formats import sentence
from social import authors, budget, handles, planning, search_pages, switches, x
from social.budget import BudgetExceeded
from social.models import CollectionRun, Handle, Post, Search

log = logging.getLogger(__name__)

REFUSED_FOR = timedelta(days=1)  # how long a handle that X refuses is left out
MAX_FAILURES = 3  # searches in a row that fail before X is taken to be down
MAX_REFUSED = 5  # handles that X refuses in one run before our queries are taken to be wrong
TIME_LIMIT_REACHED = "The time limit was reached; the next run continues."


class SearchRunner:
    """The searches of one run. Counts are stored in `run`; `on_progress` is called after each."""

    def __init__(self, run: CollectionRun, until: float, on_progress: Callable[[], None]) -> None:
        self.counts = run
        self.until = until  # on time.monotonic()
        self.on_progress = on_progress
        self.failures = 0
        self.problem = ""
        self.refused: list[str] = []

    def run(self, wanted: set[str]) -> str:
        """Search for new posts of the handles; return why not all were searched, or "".

        Unfinished searches of earlier runs come first. Raises BudgetExceeded, RemoteError.
        """
        unfinished = list(Search.objects.all())
        continued = {name for search in unfinished for name in search.handles}
        authors.learn(continued)
        fresh = self._fresh(wanted - continued)
        self.counts.searches = len(unfinished) + len(fresh)
        self.on_progress()
        for search in [*unfinished, *fresh]:
            if time.monotonic() > self.until:
                return TIME_LIMIT_REACHED
            if switches.SOCIAL_JOB.is_off():
                return "The kill switch was turned off during the run."
            self._run_search(search)
            self.counts.searches_done += 1
            self.on_progress()
        return self.problem

    def _fresh(self, wanted: set[str]) -> list[Search]:
        rows = [Handle(name=name) for name in sorted(wanted)]
        Handle.objects.bulk_create(rows, ignore_conflicts=True)
        given_up = Q(refused_at__gte=timezone.now() - REFUSED_FOR)
        # A refused handle is asked for again after a while: by then it may exist.
        Handle.objects.filter(name__in=wanted, user_id="").exclude(given_up).update(
            refused_at=None, refusal=""
        )
        authors.learn(wanted)
        due = Handle.objects.filter(name__in=wanted).exclude(given_up)
        return planning.plan(dict(due.values_list("name", "cursor")), recount=self.counts.recount)

    def _run_search(self, search: Search) -> None:
        """Read all pages of a search. Raises BudgetExceeded, RemoteError."""
        try:
            while True:
                page = self._read(search)
                search_pages.store(self.counts, search, page)
                if not page.next_token:
                    break
                if time.monotonic() > self.until:  # next_token is stored
                    self.problem = TIME_LIMIT_REACHED
                    break
        except x.BadQuery as error:
            self._refused(search, error)
        # Capped is a RemoteError too, but no failure of this one search.
        except (x.Capped, BudgetExceeded):
            raise
        except RemoteError as error:
            self._failed(error)
        else:
            self.failures = 0

    def _read(self, search: Search) -> x.SearchPage:
        page = x.search(
            handles.query(search.handles),
            since_id=search.since_id,
            until_id=search.until_id,
            next_token=search.next_token,
        )
        self.counts.calls += 1
        self.counts.posts_paid += page.returned - self._not_billed(page)
        if {post.author_id for post in page.posts} - set(authors.of(search.handles)):
            authors.learn_again(search.handles)
        return page

    def _not_billed(self, page: x.SearchPage) -> int:
        """Subtract posts that X has already billed on this UTC day."""
        today = timezone.now().astimezone(UTC).date()
        ids = [post.id for post in page.posts]
        # X bills a post once a UTC day, however often it is returned.
        again = Post.objects.filter(pk__in=ids, seen_at__date=today).count() if ids else 0
        budget.subtract(again)
        return again

    def _refused(self, search: Search, error: x.BadQuery) -> None:
        """X refused the query: split it in halves, until the refused handle is found."""
        log.warning("search refused run=%s handles=%s error=%s", self.counts.pk, search, error)
        self.counts.calls += 1
        if search.pk:  # an old unfinished search: plan it again
            search.delete()
            return
        names = search.handles
        if len(names) == 1:
            self._refuse_handle(names[0], error)
            return
        middle = len(names) // 2
        for half in (names[:middle], names[middle:]):
            self._run_search(
                Search(handles=half, since_id=search.since_id, until_id=search.until_id)
            )

    def _refuse_handle(self, name: str, error: x.BadQuery) -> None:
        """Leave out a handle for a day. After many refusals the query must be wrong."""
        self.refused.append(name)
        refused = Handle.objects.filter(name__in=self.refused)
        if len(self.refused) > MAX_REFUSED:
            # Then it was not the handles: those that were left out so far come back.
            refused.update(refused_at=None, refusal="")
            raise error
        refused.filter(name=name).update(refused_at=timezone.now(), refusal=error.message)

    def _failed(self, error: RemoteError) -> None:
        """Continue after a failed search, unless X is down or our token is wrong."""
        self.counts.calls += 1
        self.failures += 1
        # These answers are about our token or its limits, so every other search fails as well.
        hopeless = error.status in (401, 403, 429)
        if hopeless or self.failures >= MAX_FAILURES:
            raise error
        log.warning("search failed run=%s error=%s", self.counts.pk, error)
        self.problem = (
            f"A search failed and will be repeated in the next run: {sentence(error.words)}"
        )
