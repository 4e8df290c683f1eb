"""The one engine that runs steps: provisioning and roll-outs are its jobs.

Under the lease of a row, run one step, settle its outcome in one transaction, and so on until
nothing is due. A step looks before it acts, so running it twice does nothing twice. Only the holder
of the lease settles: a lost task, a killed worker, a restarted database costs time, never a tenant.
"""

import logging
import random
import time
from collections.abc import Iterable

from django.db import transaction

from connect import databases
from connect.clients import http
from connect.formats import format_duration
from connect.models import BlockedKind
from connect.runner import refused_token, retry
from connect.runner.job import Job
from connect.runner.outcomes import Block, Done, Failure, Retry, StepOutcome, TokenRefused, Wait
from tenants.leases import LostLease

log = logging.getLogger(__name__)

# Then no further step begins in one run. The longest step makes three calls, each at most
# http.LIMITS.total long, and all of it has to end within settings.TASK_TIMEOUT.
RUN_SECONDS = 20.0


def run(jobs: Iterable[Job]) -> bool:
    """Run the steps of a job, until nothing is due or the time of one run is over.

    Return whether the time was over first, and more is due.

    Each of `jobs` holds the lease. They end if nothing is due or another worker has the lease.
    """
    stop_at = time.monotonic() + RUN_SECONDS
    for job in jobs:
        # Only between steps: a step that was started has to be settled.
        if not _run_step(job):
            return False
        if time.monotonic() > stop_at:
            return True
    return False


def _run_step(job: Job) -> bool:
    """Run and settle one step; return whether more can be done at once."""
    with http.working_for(job.tenant.org_id, job.stage):
        try:
            return _settle(job, _outcome(job))
        except LostLease:
            # The worker that has the lease now repeats the step, so this outcome is dropped.
            log.info("lease lost %s", job.name)
            return False


def _outcome(job: Job) -> StepOutcome | Failure:
    # The attempt was counted before this step, so work that kills its process ends here.
    if job.attempts > retry.MAX_ATTEMPTS:
        return Block(BlockedKind.GAVE_UP, f"Gave up. {job.last_error or 'The work died.'}")
    try:
        return job.step()
    except LostLease:
        raise
    except Exception as error:  # a fault of one tenant must not stop the others
        return _failure(job, error)


def _settle(job: Job, outcome: StepOutcome | Failure) -> bool:
    try:
        return _write(job, outcome)
    except LostLease:
        raise
    except Exception as error:  # e.g. a deadlock: nothing was written, so it is a failed attempt
        if databases.passing_failure(error):
            databases.reconnect()  # else the row would wait until its lease ends
        job.reload()  # in memory it has the facts of the transaction that was rolled back
        return _write(job, _failure(job, error))


def _failure(job: Job, error: Exception) -> Failure:
    failure = retry.judge(error)
    if failure is None:
        log.error("step failed %s", job.name, exc_info=error)
        failure = Retry(f"An error in the portal itself: {error!r}")
    return failure


@transaction.atomic
def _write(job: Job, outcome: StepOutcome | Failure) -> bool:
    match outcome:
        case Done():
            return job.settle_done(outcome)
        case Wait():
            return _wait(job, outcome)
        case Retry():
            return _back_off(job, outcome)
        case TokenRefused():
            # Settled as a wait, so that no tenant uses up its attempts while the token is wrong.
            refused_token.alert(outcome.error, job.account)
            job.note_refused_token(outcome)
            return job.settle_wait(refused_token.wait(job.account))
        case Block():
            return job.settle_block(outcome)


def _wait(job: Job, wait: Wait) -> bool:
    if wait.patience and job.waited > wait.patience:
        waited = format_duration(wait.patience)
        return job.settle_block(
            Block(
                BlockedKind.TIMED_OUT,
                f"Waiting for {wait.reason}, without any change for {waited}.",
            )
        )
    return job.settle_wait(wait)


def _back_off(job: Job, failure: Retry) -> bool:
    if job.attempts >= retry.MAX_ATTEMPTS:
        reason = f"Gave up after {job.attempts} attempts. {failure.reason}"
        return job.settle_block(Block(BlockedKind.GAVE_UP, reason, failure.request_id))
    pause = retry.back_off(job.attempts, failure.after, random.random())  # noqa: S311 (no secret)
    return job.settle_retry(failure, pause)
