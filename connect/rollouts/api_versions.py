"""Changing the Salesforce API version of a connection: pause, change, resume.

If a step fails, a connection that was paused for it is resumed first.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from django.utils import timezone

from connect.clients import heroku_connect, heroku_mappings
from connect.clients.heroku_mappings import VersionChange
from connect.health import observations, restarting, states
from connect.mappings import lint
from connect.models import BlockedKind, RolloutStep, WaitingOn
from connect.rollouts.claim import ItemClaim
from connect.runner.outcomes import Blocked, Done, Facts, StepOutcome, Wait
from connect.runner.polling import LOADING_PATIENCE, poll

SYNCING_PAUSE = timedelta(minutes=2)
MAX_PAUSES = 5
_ADVICE = (
    "Edit this mapping first: remove or replace the fields that the new version does not have."
)


def check(claim: ItemClaim) -> Facts:
    """Ask Heroku Connect what the version would change in each mapping. Changes nothing."""
    changes = heroku_mappings.schema_diff(claim.remote, claim.rollout.api_version)
    findings = [found for change in changes if (found := _finding(change))]
    return {"findings": [found.as_json() for found in findings]}


def _finding(change: VersionChange) -> lint.Finding | None:
    if change.unsafe:
        return lint.Finding("unsafe-change", change.object_name, f"{change.text} {_ADVICE}".strip())
    if change.undetermined:
        text = change.text or "Heroku Connect cannot determine the effect."
        return lint.Finding("undetermined", change.object_name, text, lint.Severity.WARNING)
    if change.changed:
        return lint.Finding("changed", change.object_name, change.text, lint.Severity.WARNING)
    return None


def pause(claim: ItemClaim) -> StepOutcome:
    """Pause the connection when every mapping is loaded.

    If it is already paused, it stays paused.
    """
    item = claim.item
    seen = heroku_connect.detail(claim.remote, deep=True)
    restarting.require_working(claim.connection_claim, item.attempts, seen.state)
    if seen.api_version == claim.rollout.api_version:
        return Done("It has this version.", then=RolloutStep.RESUME)
    if seen.state == states.PAUSED:
        # With sent_at the pause is ours; without it staff paused it, and it has to stay so.
        return Done("Paused.", {} if item.sent_at else {"was_paused": True})
    # Heroku Connect refuses the change while it loads, and a paused connection never finishes.
    loading = [m.object_name for m in seen.mappings if states.is_loading_mapping(m.state)]
    if loading:
        return _wait_for_loading(loading)
    if seen.state == states.IDLE:
        # Stored before the call: a later worker then knows that it has to resume it.
        claim.record(sent_at=timezone.now())
        observations.note_pause(claim.connection, claim.rollout.author)
        heroku_connect.pause(claim.remote)
    return poll("Heroku Connect to pause", item.step_since)


def change(claim: ItemClaim) -> StepOutcome:
    """Change the version of the paused connection, and explain both possible errors."""
    try:
        heroku_mappings.change_api_version(claim.remote, claim.rollout.api_version)
    except heroku_mappings.UnsafeChanges as refusal:
        unsafe = [each for each in refusal.changes if each.unsafe]
        reasons = " ".join(f"{each.object_name}: {each.text}" for each in unsafe)
        raise Blocked(
            BlockedKind.UNSAFE_CHANGE,
            f"Heroku Connect found unsafe changes and changed nothing. {reasons} {_ADVICE}",
        ) from refusal
    except heroku_mappings.StillSyncing as refusal:
        if claim.item.was_paused:
            raise Blocked(
                BlockedKind.PAUSED,
                f"{', '.join(refusal.objects)} is still being loaded, and the connection was paused"
                " before this: resume it, wait until all is loaded, and try again.",
            ) from refusal
        return _load_first(claim, refusal.objects)
    return Done("Changed.")


def _load_first(claim: ItemClaim, objects: Sequence[str]) -> Wait:
    """Go back to the first step, which pauses it again when all is loaded."""
    item = claim.item
    if item.sends >= MAX_PAUSES:
        raise Blocked(
            BlockedKind.TIMED_OUT,
            f"It was paused {item.sends} times, and each time {', '.join(objects)} was loaded "
            "again.",
        )
    heroku_connect.resume(claim.remote)  # a paused connection never finishes loading
    claim.record(sent_at=None, sends=item.sends + 1, step=RolloutStep.PAUSE)
    return _wait_for_loading(objects)


def _wait_for_loading(objects: Iterable[str]) -> Wait:
    reason = f"Heroku Connect to load {', '.join(objects)}"
    return Wait(timezone.now() + SYNCING_PAUSE, reason, WaitingOn.HEROKU, LOADING_PATIENCE)


def resume(claim: ItemClaim) -> StepOutcome:
    """Resume what was paused for the roll-out, and only then say how it went."""
    item = claim.item
    seen = heroku_connect.detail(claim.remote)
    # After a failure the old version is what is expected.
    if not item.verdict and seen.api_version != claim.rollout.api_version:
        return poll("Heroku Connect to take the version", item.step_since)
    if seen.state == states.PAUSED and not item.was_paused:
        heroku_connect.resume(claim.remote)
        return poll("Heroku Connect to resume", item.step_since)
    if item.verdict:
        raise Blocked(BlockedKind(item.blocked_kind or BlockedKind.OTHER), item.verdict)
    return Done(f"Salesforce API version {seen.api_version}.")


def finish(claim: ItemClaim) -> Facts:
    """Return what the connection has now."""
    return {"api_version": claim.rollout.api_version}
