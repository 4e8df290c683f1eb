"""A round: read every tenant's Accounts, ask X for what is new, write it where it is wanted.

What X returned is stored before anything else happens, with how far each handle is known. So it is
paid for once, and a tenant that cannot take it now gets it later. A run that dies is just followed
by the next one.

All handles of a run are asked for posts of one interval of ids, (cursor, until): whoever is asked
is known up to the same id afterwards, whether X had anything or not, and can share a query again.
"""

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection as database
from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone

from connect.clients.http import RemoteError, tenant_in_hand
from connect.models import Connection
from connect.schemas import BadSchemaName
from social import accounts, budget, handles, tweets, x
from social.accounts import Accounts, NotNow, Place
from social.budget import OutOfBudget
from social.models import (
    CollectionRun,
    Delivery,
    Handle,
    Outcome,
    Post,
    Search,
    TenantCollection,
    Trigger,
)
from tenants.models import Switch, SwitchName

log = logging.getLogger(__name__)

REFUSED_FOR = timedelta(days=1)  # a handle that X itself refuses is left out so long
MOST_FAILURES = 3  # searches in a row that fail before X is taken to be down
TIME_IS_UP = "Its time was up; the next run goes on."
LOCK = 0x736F6369616C  # "social": one collection at a time; the lock dies with its process

Tell = Callable[[CollectionRun], None]


class NotCollecting(Exception):
    """No run was begun; the text says why."""


@dataclass
class Subject:
    """One live tenant in a run."""

    connection: Connection
    result: TenantCollection
    place: Place | None = None
    found: Accounts = field(default_factory=Accounts)


def why_not() -> str:
    """Return why no posts can be collected now, or ""."""
    if not settings.X_BEARER_TOKEN:
        return "X_BEARER_TOKEN is not set"
    if Switch.is_off(SwitchName.SOCIAL_JOB):
        return "the kill switch “Social job” is off"
    return ""


def collect(
    trigger: Trigger,
    actor: str = "portal",
    *,
    tenant_ids: Sequence[int] = (),
    recount: bool = False,
    seconds: float | None = None,
    tell: Tell = lambda _run: None,
) -> CollectionRun:
    """Do a round for all live tenants, or some, in at most about `seconds`; return its record.

    `recount` asks for the posts of this UTC day once more, to learn their present likes: X bills
    a post once a day. `tell` is called whenever the record's counts have changed. Raises
    NotCollecting.
    """
    reason = why_not()
    if reason:
        raise NotCollecting(f"No posts are collected: {reason}.")
    with _alone():
        _close_interrupted()
        run = CollectionRun.objects.create(trigger=trigger, actor=actor, recount=recount)
        _Round(run, tenant_ids, seconds, tell).go()
    return run


@dataclass(frozen=True)
class Preview:
    """What a run would do. Nothing was asked, paid or written for it."""

    subjects: list[Subject]
    handles: int
    searches: int


def preview(tenant_ids: Sequence[int] = ()) -> Preview:
    """Say what a run would ask of X and for whom."""
    subjects = look(tenant_ids)
    wanted = sorted({name for subject in subjects for name in subject.found.by_handle})
    cursors = dict(Handle.objects.filter(name__in=wanted).values_list("name", "cursor"))
    groups = defaultdict(list)
    for name in wanted:
        groups[cursors.get(name)].append(name)
    batches = (handles.pack(names, settings.X_QUERY_LENGTH) for names in groups.values())
    return Preview(subjects, len(wanted), sum(len(list(each)) for each in batches))


# --- one at a time -------------------------------------------------------------------------------


@contextmanager
def _alone() -> Iterator[None]:
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        if cursor.fetchone() != (True,):
            raise NotCollecting("Posts are being collected already.")
    try:
        yield
    finally:
        with database.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def _close_interrupted() -> None:
    """Note the end of a run whose process died: we hold the lock, so nobody works on it."""
    CollectionRun.objects.filter(outcome=Outcome.RUNNING).update(
        outcome=Outcome.INTERRUPTED,
        finished_at=timezone.now(),
        note="Its process ended in the middle; the next run went on.",
    )


# --- looking -------------------------------------------------------------------------------------


def look(tenant_ids: Sequence[int] = ()) -> list[Subject]:
    """Read the Accounts of every live tenant, or of some. One that cannot be read stops nobody."""
    found = accounts.live()
    if tenant_ids:
        found = (each for each in found if each.tenant_id in set(tenant_ids))
    return [_look_at(connection) for connection in found]


def _look_at(connection: Connection) -> Subject:
    subject = Subject(connection, TenantCollection(connection=connection))
    result = subject.result
    try:
        place = accounts.place_of(connection)
        subject.found = accounts.read(place)
    except (NotNow, BadSchemaName) as reason:
        result.skipped = str(reason)[:255]
    except DatabaseError as error:
        result.error = _words(error)
        log.warning("accounts unreadable tenant=%s error=%s", connection.tenant.org_id, error)
    else:
        subject.place = place
        result.accounts, result.shared = subject.found.count, subject.found.shared
        result.handles = len(subject.found.by_handle)
        result.refused = subject.found.refused
        result.refused_count = subject.found.refused_count
    return subject


def _words(error: DatabaseError) -> str:
    return " ".join(str(error).split())[:500]


# --- the round -----------------------------------------------------------------------------------


class _Round:
    def __init__(
        self, run: CollectionRun, tenant_ids: Sequence[int], seconds: float | None, tell: Tell
    ) -> None:
        self.run = run
        self.tenant_ids = tenant_ids
        self.tell = tell
        self.failures = 0
        self.outcome = Outcome.DONE
        began = time.monotonic()
        # A quarter of the time is kept for writing what was found.
        self.ask_until = began + seconds * 0.75 if seconds else float("inf")
        self.write_until = began + seconds if seconds else float("inf")

    def go(self) -> None:
        run = self.run
        try:
            subjects = look(self.tenant_ids)
            self._ask_safely(subjects)
            self._deliver(subjects)
        except Exception as error:
            self._stop(f"{type(error).__name__}: {error}"[:1000], Outcome.FAILED)
            raise
        finally:
            run.outcome, run.finished_at = self.outcome, timezone.now()
            run.save()
            self.tell(run)

    def _stop(self, note: str, outcome: Outcome = Outcome.PARTIAL) -> None:
        self.run.note, self.outcome = f"{self.run.note} {note}".strip(), outcome

    def _progress(self) -> None:
        self.run.save()
        self.tell(self.run)

    # --- asking ----------------------------------------------------------------------------------

    def _ask_safely(self, subjects: list[Subject]) -> None:
        """Ask X as far as it goes. Whatever ends it, what was found is still written."""
        self._count(subjects)
        try:
            self._ask({name for subject in subjects for name in subject.found.by_handle})
        except OutOfBudget as spent:
            self._stop(str(spent))
        except RemoteError as error:
            log.warning("collection stopped run=%s error=%s", self.run.pk, error)
            self._stop(f"{error.words}.", Outcome.FAILED)

    def _count(self, subjects: list[Subject]) -> None:
        run = self.run
        run.tenants = len(subjects)
        run.tenants_skipped = sum(bool(each.result.skipped) for each in subjects)
        run.tenants_failed = sum(bool(each.result.error) for each in subjects)
        run.handles = len({name for each in subjects for name in each.found.by_handle})
        run.handles_refused = sum(each.result.refused_count for each in subjects)

    def _ask(self, wanted: set[str]) -> None:
        begun = list(Search.objects.all())
        fresh = self._plan(wanted - {name for search in begun for name in search.handles})
        self.run.searches = len(begun) + len(fresh)
        self._progress()
        for search in [*begun, *fresh]:
            if time.monotonic() > self.ask_until:
                return self._stop(TIME_IS_UP)
            if Switch.is_off(SwitchName.SOCIAL_JOB):
                return self._stop("The kill switch was turned off meanwhile.")
            self._pursue(search)
            self.run.searches_done += 1
            self._progress()
        return None

    def _plan(self, wanted: set[str]) -> list[Search]:
        """Make the searches for handles, those longest unasked first; alike cursors go together."""
        now = timezone.now()
        until, floor = x.id_at(now - x.SETTLES), x.id_at(now - x.WINDOW)
        known = [Handle(name=name) for name in sorted(wanted)]
        Handle.objects.bulk_create(known, ignore_conflicts=True)
        due = Handle.objects.filter(name__in=wanted).filter(
            Q(refused_at=None) | Q(refused_at__lt=now - REFUSED_FOR)
        )
        midnight = x.id_at(_midnight(now))
        groups: dict[int, list[str]] = defaultdict(list)
        for handle in due.order_by("name"):
            since = handle.cursor or 0
            since = min(since, midnight - 1) if self.run.recount else since
            groups[max(since, floor)].append(handle.name)
        return [
            Search(handles=batch, since_id=since, until_id=until)
            for since, names in sorted(groups.items())
            if since < until - 1
            for batch in handles.pack(names, settings.X_QUERY_LENGTH)
        ]

    def _pursue(self, search: Search) -> None:
        """Read a search to its end, page by page. Raises OutOfBudget, RemoteError."""
        try:
            while True:
                page = self._read(search)
                self._keep(search, page)
                if not page.next_token:
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
            Handle.objects.filter(name=names[0]).update(
                refused_at=timezone.now(), refusal=error.message[:500]
            )
            return
        middle = len(names) // 2
        for half in (names[:middle], names[middle:]):
            self._pursue(Search(handles=half, since_id=search.since_id, until_id=search.until_id))

    def _failed(self, error: RemoteError) -> None:
        """Go on after a failed search, unless X is down or our token wrong."""
        self.run.calls += 1
        self.failures += 1
        hopeless = error.status in (401, 403, 429)
        if hopeless or self.failures >= MOST_FAILURES:
            raise error
        log.warning("search failed run=%s error=%s", self.run.pk, error)
        if not self.run.note:
            self._stop(f"A search failed and is made again next time: {error.words}.")

    # --- delivering ------------------------------------------------------------------------------

    def _deliver(self, subjects: list[Subject]) -> None:
        newest = Post.objects.aggregate(newest=Max("changed_in"))["newest"] or 0
        deliveries = {
            each.connection_id: each
            for each in Delivery.objects.filter(
                connection__in=[subject.connection.pk for subject in subjects]
            )
        }
        for subject in subjects:
            if time.monotonic() > self.write_until:
                self._stop(TIME_IS_UP)
                break
            delivery = deliveries.get(subject.connection.pk) or Delivery(
                connection=subject.connection
            )
            if subject.place is not None:
                self._deliver_to(subject, subject.place, delivery, newest)
        self._note(subjects)

    def _deliver_to(self, subject: Subject, place: Place, delivery: Delivery, newest: int) -> None:
        wanted = subject.found.by_handle
        moved = {name for name, sfid in wanted.items() if delivery.accounts.get(name) != sfid}
        if delivery.through >= newest and delivery.accounts == wanted:
            return
        tenant_in_hand.set(subject.connection.tenant.org_id)
        fresh = Q(handle__in=wanted, changed_in__gt=delivery.through) | Q(handle__in=moved)
        posts = Post.objects.filter(fresh).order_by("id")
        rows = [tweets.row_of(post, wanted[post.handle_id]) for post in posts.iterator()]
        try:
            with transaction.atomic():
                written = tweets.write(place, rows) if rows else tweets.Written()
                _delivered(delivery, self.run.pk, wanted)
        except DatabaseError as error:
            subject.result.error = _words(error)
            self.run.tenants_failed += 1
            log.warning(
                "posts not written tenant=%s error=%s", subject.connection.tenant.org_id, error
            )
        else:
            subject.result.inserted, subject.result.updated = written.inserted, written.updated
            self.run.inserted += written.inserted
            self.run.updated += written.updated
        finally:
            tenant_in_hand.set("-")

    def _note(self, subjects: list[Subject]) -> None:
        """Keep the results that say something; a quiet tenant's would only fill the table."""
        telling = []
        for subject in subjects:
            result = subject.result
            result.run = self.run
            counted = result.inserted or result.updated or result.refused_count
            if counted or result.error or result.skipped:
                telling.append(result)
        TenantCollection.objects.bulk_create(telling, batch_size=500)


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


def _delivered(delivery: Delivery, through: int, wanted: dict[str, str]) -> None:
    delivery.through, delivery.accounts = through, wanted
    delivery.delivered_at = timezone.now()
    delivery.save()
