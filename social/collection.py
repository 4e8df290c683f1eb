"""A round: read every tenant's Accounts, ask X for what is new, write it where it is wanted.

What X returned is stored before anything else happens, with how far each handle is known. So it is
paid for once, and a tenant that cannot take it now gets it later. A run that dies is just followed
by the next one.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from django.conf import settings
from django.db import connection as database
from django.utils import timezone

from connect.clients.http import RemoteError
from social import accounts, asking, delivery, switches
from social.accounts import Subject
from social.asking import TIME_IS_UP, Asking
from social.budget import OutOfBudget
from social.models import CollectionRun, Handle, Outcome, Trigger

log = logging.getLogger(__name__)

LOCK = 0x736F6369616C  # "social": one collection at a time; the lock dies with its process
ASKING_SHARE = 0.75  # of a run's time; the rest is for writing what was found

Tell = Callable[[CollectionRun], None]


class NotCollecting(Exception):
    """No run was begun; the text says why."""


def why_not() -> str:
    """Return why no posts can be collected now, or ""."""
    if not settings.X_BEARER_TOKEN:
        return "X_BEARER_TOKEN is not set"
    if switches.SOCIAL_JOB.is_off():
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
    subjects = accounts.look(tenant_ids)
    wanted = _handles(subjects)
    known = dict(Handle.objects.filter(name__in=wanted).values_list("name", "cursor"))
    searches = asking.plan({name: known.get(name) for name in wanted}, recount=False)
    return Preview(subjects, len(wanted), len(searches))


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


# --- the round -----------------------------------------------------------------------------------


class _Round:
    def __init__(
        self, run: CollectionRun, tenant_ids: Sequence[int], seconds: float | None, tell: Tell
    ) -> None:
        self.run = run
        self.tenant_ids = tenant_ids
        self.tell = tell
        self.outcome = Outcome.INTERRUPTED
        began, lasts = time.monotonic(), float("inf") if seconds is None else seconds
        self.ask_until, self.write_until = began + lasts * ASKING_SHARE, began + lasts

    def go(self) -> None:
        run = self.run
        try:
            subjects = accounts.look(self.tenant_ids)
            self._count(subjects)
            self._ask(_handles(subjects))
            if not delivery.deliver(run, subjects, self.write_until):
                self._end_early(TIME_IS_UP)
            delivery.keep_results(run, subjects)
            if not run.note:
                self.outcome = Outcome.DONE
        except Exception as error:
            self._end_early(f"{type(error).__name__}: {error}"[:1000], Outcome.FAILED)
            raise
        finally:
            run.outcome, run.finished_at = self.outcome, timezone.now()
            self._progress()

    def _ask(self, wanted: set[str]) -> None:
        """Ask X as far as it goes. Whatever ends it, what was found is still written."""
        try:
            left = Asking(self.run, self.ask_until, self._progress).ask(wanted)
        except OutOfBudget as spent:
            self._end_early(str(spent))
        except RemoteError as error:
            log.warning("collection stopped run=%s error=%s", self.run.pk, error)
            self._end_early(f"{error.words}.", Outcome.FAILED)
        else:
            if left:
                self._end_early(left)

    def _count(self, subjects: list[Subject]) -> None:
        run = self.run
        run.tenants = len(subjects)
        run.tenants_skipped = sum(bool(each.result.skipped) for each in subjects)
        run.tenants_failed = sum(bool(each.result.error) for each in subjects)
        run.handles = len(_handles(subjects))
        run.handles_refused = sum(each.result.refused_count for each in subjects)

    def _end_early(self, note: str, outcome: Outcome = Outcome.PARTIAL) -> None:
        self.run.note, self.outcome = f"{self.run.note} {note}".strip(), outcome

    def _progress(self) -> None:
        self.run.save()
        self.tell(self.run)


def _handles(subjects: list[Subject]) -> set[str]:
    return {name for subject in subjects for name in subject.found.by_handle}
