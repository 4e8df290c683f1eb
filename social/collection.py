"""A collection run: read the Accounts of all tenants, search X for new posts, write them.

X's answers are stored first, together with the new cursors. So each post is paid for once, and a
tenant that is unavailable now gets it later. After a crash the next run continues.
"""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import connection as database
from django.utils import timezone

from connect.clients.http import RemoteError
from connect.formats import sentence
from connect.holds import Hold
from social import accounts, budget, delivery, planning, switches, usage
from social.accounts import TenantRun
from social.budget import BudgetExceeded
from social.models import CollectionRun, Handle, RunOutcome, Trigger
from social.searching import TIME_LIMIT_REACHED, SearchRunner
from tenants.batching import Asking, batched, gather
from tenants.leases import LEASE
from tenants.models import Switch

log = logging.getLogger(__name__)

LOCK = 0x736F6369616C  # "social": one collection at a time; the lock dies with its process
SEARCH_SHARE = 0.75  # of a run's time; the rest is for writing the posts

OnProgress = Callable[[CollectionRun], None]


class CollectionRefused(Exception):
    """No run was started; the text is the reason."""


def refusal() -> str:
    """Return the reason why no posts can be collected now, or ""."""
    return _refusal(switches.SOCIAL_JOB.off())


def _refusal(off: Iterable[Switch]) -> str:
    if not settings.X_BEARER_TOKEN:
        return "X_BEARER_TOKEN is not set"
    return switches.SOCIAL_JOB.reason_of(off)


@batched
def holds(now: datetime) -> Asking[list[Hold]]:
    """Return what holds collecting up now, for every page of it."""
    off, spent = yield from gather(switches.SOCIAL_JOB.off(), budget.reason.asking(now))
    reason = _refusal(off)
    switched = [Hold(f"No posts are collected: {reason}.")] if reason else []
    return [*switched, *([Hold(spent)] if spent else [])]


def collect(
    trigger: Trigger,
    actor: str = "portal",
    *,
    tenant_ids: Sequence[int] = (),
    recount: bool = False,
    seconds: float | None = None,
    on_progress: OnProgress = lambda _run: None,
    stopped: CollectionRun | None = None,
) -> CollectionRun:
    """Run a collection for all live tenants, or some, in about `seconds`; return its row.

    `recount` searches the posts of this UTC day again, to update their likes: X bills a post once a
    day. `on_progress` is called when the counts have changed. `stopped` is the run that this one
    continues, unless another has done so. Raises CollectionRefused.
    """
    reason = refusal()
    if reason:
        raise CollectionRefused(f"No posts are collected: {reason}.")
    with _single_run():
        _require_open(stopped)
        _close_interrupted()
        run = _begin(trigger, actor, recount=recount, seconds=seconds)
        _Run(run, tenant_ids, seconds, on_progress).go()
    return run


def _begin(trigger: Trigger, actor: str, *, recount: bool, seconds: float | None) -> CollectionRun:
    """Store a run, which continues all runs before it."""
    CollectionRun.objects.exclude(next_attempt_at=None).update(next_attempt_at=None)
    # A run of a task is continued also if its worker dies; a command is run again by a person.
    dies_at = None if seconds is None else timezone.now() + LEASE
    return CollectionRun.objects.create(
        trigger=trigger, actor=actor, recount=recount, next_attempt_at=dies_at
    )


@dataclass(frozen=True)
class Preview:
    """What a run would do. Creating it costs nothing and writes nothing."""

    tenant_runs: list[TenantRun]
    handles: int
    searches: int


def preview(tenant_ids: Sequence[int] = ()) -> Preview:
    """Return what a run would search, and for whom."""
    tenant_runs = accounts.read_all(tenant_ids)
    wanted = _handles(tenant_runs)
    known = dict(Handle.objects.filter(name__in=wanted).values_list("name", "cursor"))
    searches = planning.plan({name: known.get(name) for name in wanted}, recount=False)
    return Preview(tenant_runs, len(wanted), len(searches))


# --- one at a time -------------------------------------------------------------------------------


@contextmanager
def _single_run() -> Iterator[None]:
    with database.cursor() as cursor:
        # A lock of the session and not of a transaction: a run commits many times.
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        if cursor.fetchone() != (True,):
            raise CollectionRefused("A collection run is already in progress.")
    try:
        yield
    finally:
        with database.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def _require_open(stopped: CollectionRun | None) -> None:
    # A task may come twice, and a second collection would ask X again.
    waits = CollectionRun.objects.exclude(next_attempt_at=None)
    if stopped and not waits.filter(pk=stopped.pk).exists():
        raise CollectionRefused("It was continued already.")


def _close_interrupted() -> None:
    """Close the run of a dead process. We hold the lock, so no other run is active."""
    CollectionRun.objects.filter(outcome=RunOutcome.RUNNING).update(
        outcome=RunOutcome.INTERRUPTED,
        finished_at=timezone.now(),
        note="Its process ended during the run; the next run continued.",
    )


# --- the run -------------------------------------------------------------------------------------


class _Run:
    def __init__(
        self,
        run: CollectionRun,
        tenant_ids: Sequence[int],
        seconds: float | None,
        on_progress: OnProgress,
    ) -> None:
        self.run = run
        self.tenant_ids = tenant_ids
        self.on_progress = on_progress
        self.outcome = RunOutcome.INTERRUPTED
        began, lasts = time.monotonic(), float("inf") if seconds is None else seconds
        self.ask_until, self.write_until = began + lasts * SEARCH_SHARE, began + lasts

    def go(self) -> None:
        run = self.run
        try:
            tenant_runs = accounts.read_all(self.tenant_ids)
            self._count(tenant_runs)
            self._ask(_handles(tenant_runs))
            # Also after a search that failed: posts of earlier runs may be undelivered.
            if not delivery.deliver(run, tenant_runs, self.write_until):
                self._stop(TIME_LIMIT_REACHED)
            delivery.store_results(run, tenant_runs)
            if run.tenants_failed:
                self._stop(f"{run.tenants_failed} of {run.tenants} tenants failed.")
            if not run.note:
                self.outcome = RunOutcome.DONE
        except Exception as error:
            self._stop(f"{type(error).__name__}: {error}"[:1000], RunOutcome.FAILED)
            raise
        finally:
            # Also when the task is cut off at its time limit, which raises no Exception.
            run.outcome, run.finished_at = self.outcome, timezone.now()
            stopped = TIME_LIMIT_REACHED in run.note or self.outcome == RunOutcome.INTERRUPTED
            is_task = run.next_attempt_at is not None
            run.next_attempt_at = run.finished_at if stopped and is_task else None
            self._progress()

    def _ask(self, wanted: set[str]) -> None:
        """Search X. After any error the posts found so far are still written."""
        try:
            left = SearchRunner(self.run, self.ask_until, self._progress).run(wanted)
        except BudgetExceeded as spent:
            self._stop(str(spent))
        except RemoteError as error:
            log.warning("collection stopped run=%s error=%s", self.run.pk, error)
            self._stop(sentence(error.words), RunOutcome.FAILED)
        else:
            usage.refresh()
            if left:
                self._stop(left)

    def _count(self, tenant_runs: list[TenantRun]) -> None:
        run = self.run
        run.tenants = len(tenant_runs)
        run.tenants_skipped = sum(bool(each.result.skipped) for each in tenant_runs)
        run.tenants_failed = sum(bool(each.result.error) for each in tenant_runs)
        run.handles = len(_handles(tenant_runs))
        run.handles_refused = sum(each.result.refused_count for each in tenant_runs)

    def _stop(self, note: str, outcome: RunOutcome = RunOutcome.PARTIAL) -> None:
        self.run.note = f"{self.run.note} {note}".strip()
        # A run that has failed stays failed when it also runs out of time.
        self.outcome = RunOutcome.FAILED if self.outcome == RunOutcome.FAILED else outcome

    def _progress(self) -> None:
        self.run.save()
        self.on_progress(self.run)


def _handles(tenant_runs: list[TenantRun]) -> set[str]:
    return {name for tenant_run in tenant_runs for name in tenant_run.found.by_handle}
