"""Asking X: which searches, up to where, and what becomes of each answer.

All handles of a run are asked for posts of one interval of ids, (cursor, until): whoever is asked
is known up to the same id afterwards, whether X had anything or not, and can share a query again.
"""

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from connect.clients.http import RemoteError
from social import budget, handles, switches, tweets, x
from social.budget import OutOfBudget
from social.models import CollectionRun, Handle, Post, Search

log = logging.getLogger(__name__)

REFUSED_FOR = timedelta(days=1)  # a handle that X itself refuses is left out so long
MOST_FAILURES = 3  # searches in a row that fail before X is taken to be down
MOST_REFUSED = 5  # handles that X refuses in one run before our queries are taken to be wrong
TIME_IS_UP = "Its time was up; the next run goes on."


def plan(cursors: Mapping[str, int | None], *, recount: bool) -> list[Search]:
    """Make the searches for handles, given up to where each is known; alike ones go together."""
    now = timezone.now()
    until, floor = x.id_at(now - x.SETTLES), x.id_at(now - x.WINDOW)
    midnight = x.id_at(_midnight(now))
    groups: dict[int, list[str]] = defaultdict(list)
    for name, cursor in sorted(cursors.items()):
        since = min(cursor or 0, midnight - 1) if recount else cursor or 0
        groups[max(since, floor)].append(name)
    return [
        Search(handles=batch, since_id=since, until_id=until)
        for since, names in sorted(groups.items())
        if since < until - 1
        for batch in handles.pack(names, settings.X_QUERY_LENGTH)
    ]


class Asking:
    """One run's way through its searches. Its counts are kept in `run`; `tell` hears of each."""

    def __init__(self, run: CollectionRun, until: float, tell: Callable[[], None]) -> None:
        self.run = run
        self.until = until  # on time.monotonic()
        self.tell = tell
        self.failures = 0
        self.trouble = ""
        self.refused: list[str] = []

    def ask(self, wanted: set[str]) -> str:
        """Ask for the handles' new posts; return why not all were asked for, or "".

        Searches that an earlier run left half read come first. Raises OutOfBudget, RemoteError.
        """
        begun = list(Search.objects.all())
        fresh = self._fresh(wanted - {name for search in begun for name in search.handles})
        self.run.searches = len(begun) + len(fresh)
        self.tell()
        for search in [*begun, *fresh]:
            if time.monotonic() > self.until:
                return TIME_IS_UP
            if switches.SOCIAL_JOB.is_off():
                return "The kill switch was turned off meanwhile."
            self._pursue(search)
            self.run.searches_done += 1
            self.tell()
        return self.trouble

    def _fresh(self, wanted: set[str]) -> list[Search]:
        rows = [Handle(name=name) for name in sorted(wanted)]
        Handle.objects.bulk_create(rows, ignore_conflicts=True)
        given_up = Q(refused_at__gte=timezone.now() - REFUSED_FOR)
        due = Handle.objects.filter(name__in=wanted).exclude(given_up)
        return plan(dict(due.values_list("name", "cursor")), recount=self.run.recount)

    def _pursue(self, search: Search) -> None:
        """Read a search to its end, page by page. Raises OutOfBudget, RemoteError."""
        try:
            while True:
                page = self._read(search)
                self._keep(search, page)
                if not page.next_token:
                    break
                if time.monotonic() > self.until:  # its token is kept
                    self.trouble = TIME_IS_UP
                    break
        except x.BadQuery as error:
            self._refused(search, error)
        except (x.Capped, OutOfBudget):
            raise
        except RemoteError as error:
            self._failed(error)
        else:
            self.failures = 0

    def _read(self, search: Search) -> x.Page:
        page = x.search(
            handles.query(search.handles),
            since_id=search.since_id,
            until_id=search.until_id,
            next_token=search.next_token,
        )
        self.run.calls += 1
        self.run.posts_paid += page.returned - self._not_billed(page)
        return page

    def _not_billed(self, page: x.Page) -> int:
        """Take back from the spend what X had returned on this UTC day before."""
        today = timezone.now().astimezone(UTC).date()
        ids = [post.id for post in page.posts]
        again = Post.objects.filter(pk__in=ids, seen_at__date=today).count() if ids else 0
        budget.take_back(again)
        return again

    def _keep(self, search: Search, page: x.Page) -> None:
        """Store a page, and how far it brings us, in one transaction: nothing is paid for twice."""
        posts = {post.pk: post for found in page.posts if (post := _post(found, search))}
        self.run.posts_dropped += page.returned - len(posts)
        with transaction.atomic():
            self._store(posts)
            if page.next_token:
                search.next_token = page.next_token
                search.save()
                return
            now = timezone.now()
            Handle.objects.filter(name__in=search.handles).update(
                cursor=search.until_id - 1, asked_at=now, refused_at=None, refusal=""
            )
            if search.pk:
                search.delete()

    def _store(self, posts: dict[int, Post]) -> None:
        """Keep new posts, and changed counts of known ones, as of this run."""
        known = Post.objects.in_bulk(posts)
        for post_id, post in posts.items():
            before = known.get(post_id)
            counts = (post.likes, post.reposts)
            same = before and (before.likes, before.reposts) == counts
            post.changed_in = before.changed_in if before and same else self.run.pk
        Post.objects.bulk_create(
            posts.values(),
            update_conflicts=True,
            unique_fields=["id"],
            update_fields=["likes", "reposts", "changed_in", "seen_at"],
        )

    def _refused(self, search: Search, error: x.BadQuery) -> None:
        """X refused the query: halve it, until the handle that it cannot take stands alone."""
        log.warning("search refused run=%s handles=%s error=%s", self.run.pk, search, error)
        self.run.calls += 1
        if search.pk:  # it was begun long ago and has become too old: it is planned afresh
            search.delete()
            return
        names = search.handles
        if len(names) == 1:
            self._leave_out(names[0], error)
            return
        middle = len(names) // 2
        for half in (names[:middle], names[middle:]):
            self._pursue(Search(handles=half, since_id=search.since_id, until_id=search.until_id))

    def _leave_out(self, name: str, error: x.BadQuery) -> None:
        """Ask for a handle no more today; if it is one after the other, it is not the handles."""
        self.refused.append(name)
        refused = Handle.objects.filter(name__in=self.refused)
        if len(self.refused) > MOST_REFUSED:
            refused.update(refused_at=None, refusal="")
            raise error
        refused.filter(name=name).update(refused_at=timezone.now(), refusal=error.message)

    def _failed(self, error: RemoteError) -> None:
        """Go on after a failed search, unless X is down or our token wrong."""
        self.run.calls += 1
        self.failures += 1
        hopeless = error.status in (401, 403, 429)
        if hopeless or self.failures >= MOST_FAILURES:
            raise error
        log.warning("search failed run=%s error=%s", self.run.pk, error)
        self.trouble = f"A search failed and is made again next time: {error.words}."


def _midnight(now: datetime) -> datetime:
    """Return when X's present day began."""
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _post(found: x.Found, search: Search) -> Post | None:
    """Return a post to keep; None where nothing is left to write, or its author was not asked."""
    body, handle = tweets.body_of(found.text), found.author.lower()
    if not body or handle not in search.handles:
        return None
    return Post(
        id=found.id,
        handle_id=handle,
        author=found.author,
        body=body,
        posted_at=found.posted_at,
        likes=found.likes,
        reposts=found.reposts,
    )
