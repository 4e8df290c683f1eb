"""What is done to a connection to change its Salesforce API version: pause, change, resume.

Whatever goes wrong in between, a connection that was paused for it is resumed before it fails.
"""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from connect.clients import heroku_connect, heroku_mappings
from connect.clients.heroku_mappings import VersionChange
from connect.health import observations, states
from connect.mappings import lint
from connect.models import Step, WaitingOn
from connect.rollouts.work import Work
from connect.runner import retry
from connect.runner.outcomes import Blocked, Done, Facts, Outcome, Wait

PATIENCE = timedelta(minutes=45)
LOADING_PATIENCE = timedelta(hours=24)
SYNCING_PAUSE = timedelta(minutes=2)


def check(work: Work) -> Facts:
    """Ask Heroku Connect what the version would change in each mapping; nothing is changed."""
    changes = heroku_mappings.schema_diff(*work.address, work.rollout.api_version)
    findings = [found for change in changes if (found := _finding(change))]
    return {"findings": [found.as_json() for found in findings]}


def _finding(change: VersionChange) -> lint.Finding | None:
    if change.unsafe:
        return lint.Finding("unsafe-change", change.object_name, f"{change.text} {_ADVICE}".strip())
    if change.undetermined:
        text = change.text or "Heroku Connect cannot tell whether anything has to be done."
        return lint.Finding("undetermined", change.object_name, text, lint.Severity.WARNING)
    if change.changed:
        return lint.Finding("changed", change.object_name, change.text, lint.Severity.WARNING)
    return None


_ADVICE = "Edit this mapping first: take out or replace what that version no longer has."


def pause(work: Work) -> Outcome:
    """Pause the connection once every mapping is loaded; one that is paused already stays so."""
    item, now = work.item, timezone.now()
    seen = heroku_connect.detail(*work.address, deep=True)
    if states.is_broken(seen.state):
        raise Blocked(f"Heroku Connect reports {seen.state}: {states.advice(seen.state)}")
    if seen.api_version == work.rollout.api_version:
        return Done("It has this version.", {"step": Step.RESUME})
    if seen.state == states.PAUSED:
        return Done("Paused.", {} if item.sent_at else {"was_paused": True})
    loading = [m.object_name for m in seen.mappings if states.is_loading_mapping(m.state)]
    if loading:
        why = f"Heroku Connect to load {', '.join(loading)}"
        return Wait(now + SYNCING_PAUSE, why, WaitingOn.HEROKU, LOADING_PATIENCE)
    if seen.state == states.IDLE:
        work.record(sent_at=now)
        observations.note_pause(work.connection, work.rollout.author)
        heroku_connect.pause(*work.address)
    return _poll(work, "Heroku Connect to pause")


def change(work: Work) -> Outcome:
    """Change the version of the paused connection, and put both refusals of it in words."""
    try:
        heroku_mappings.change_api_version(*work.address, work.rollout.api_version)
    except heroku_mappings.UnsafeChanges as refusal:
        told = " ".join(
            f"{each.object_name}: {each.text}" for each in refusal.changes if each.unsafe
        )
        raise Blocked(
            f"Heroku Connect found unsafe changes and changed nothing. {told} {_ADVICE}"
        ) from refusal
    except heroku_mappings.StillSyncing as refusal:
        if work.item.was_paused:
            raise Blocked(
                f"{', '.join(refusal.objects)} is still being loaded, and the connection was paused"
                " before this: resume it, wait until all is loaded, and try again."
            ) from refusal
        heroku_connect.resume(*work.address)  # a paused connection would never end loading
        work.record(sent_at=None, step=Step.PAUSE)
        why = f"Heroku Connect to load {', '.join(refusal.objects)}"
        until = timezone.now() + SYNCING_PAUSE
        return Wait(until, why, WaitingOn.HEROKU, LOADING_PATIENCE)
    return Done("Changed.")


def resume(work: Work) -> Outcome:
    """Resume what was paused for this, and only then say how it went."""
    item = work.item
    seen = heroku_connect.detail(*work.address)
    if not item.verdict and seen.api_version != work.rollout.api_version:
        return _poll(work, "Heroku Connect to take the version")
    if seen.state == states.PAUSED and not item.was_paused:
        heroku_connect.resume(*work.address)
        return _poll(work, "Heroku Connect to resume")
    if item.verdict:
        raise Blocked(item.verdict)
    return Done(f"Salesforce API version {seen.api_version}.")


def _poll(work: Work, why: str) -> Wait:
    now = timezone.now()
    pause = retry.poll_machine(now - work.item.step_since)
    return Wait(now + pause, why, WaitingOn.HEROKU, PATIENCE)


def finish(work: Work) -> dict[str, Any]:
    """Return what the connection has now."""
    return {"api_version": work.rollout.api_version}
