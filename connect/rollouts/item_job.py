"""The next step of one tenant of a roll-out, and what each outcome of it means."""

from datetime import timedelta

from django.utils import timezone

from connect.clients.accounts import account_of
from connect.formats import in_sentence, sentence
from connect.mappings import lint
from connect.models import (
    BlockedKind,
    Rollout,
    RolloutItemStatus,
    RolloutKind,
    RolloutStatus,
    RolloutStep,
    Stage,
)
from connect.rollouts import waves
from connect.rollouts.claim import ItemClaim
from connect.rollouts.kinds import KINDS, Kind
from connect.runner import patience, refused_token
from connect.runner.job import Job
from connect.runner.outcomes import (
    Block,
    Blocked,
    Done,
    Facts,
    Retry,
    StepOutcome,
    TokenRefused,
    Wait,
)
from tenants.models import EventKind, Tenant

# What an item forgets with every success.
_NO_ERROR: Facts = {"attempts": 0, "last_error": "", "last_request_id": "", "waiting_for": ""}


class ItemJob(Job):
    """The next step of one tenant of a roll-out."""

    def __init__(self, claim: ItemClaim) -> None:
        self.claim = claim
        self.item = claim.item

    @property
    def tenant(self) -> Tenant:
        return self.claim.tenant

    @property
    def account(self) -> str:
        return account_of(self.claim.connection).name

    @property
    def name(self) -> str:
        return f"item={self.item.pk}"

    @property
    def stage(self) -> str:
        return self.item.step

    @property
    def attempts(self) -> int:
        return self.item.attempts

    @property
    def last_error(self) -> str:
        return self.item.last_error

    @property
    def waited(self) -> timedelta:
        item, now = self.item, timezone.now()
        return now - patience.waiting_since(item.waiting_since, item.next_attempt_at, now)

    def reload(self) -> None:
        self.claim.reload()

    @property
    def _kind(self) -> Kind:
        return KINDS[RolloutKind(self.claim.rollout.kind)]

    @property
    def _is_live(self) -> bool:
        return self.claim.connection.stage == Stage.LIVE and not self.claim.connection.blocked_at

    def first_facts(self) -> Facts:
        """Return the facts with which a tenant begins whose wave has come, else nothing."""
        if self.item.status != RolloutItemStatus.READY:
            return {}
        now = timezone.now()
        return {
            "status": RolloutItemStatus.WORKING,
            "step": self._kind.first,
            "step_since": now,
            "started_at": now,
            # Kept from the first attempt: after a retry the connection may have the new version.
            "came_from": self.item.came_from or self.claim.connection.template,
        }

    def step(self) -> StepOutcome:
        # Staff may have off-boarded the tenant since the roll-out was made.
        if not self._is_live:
            stage = in_sentence(self.claim.connection.get_stage_display())
            raise Blocked(BlockedKind.NOT_LIVE, f"It is no longer live: {stage}.")
        if self.item.status == RolloutItemStatus.CHECKING:
            return Done("Checked.", self._kind.check(self.claim))
        return self._kind.steps[RolloutStep(self.item.step)](self.claim)

    def settle_done(self, done: Done) -> bool:
        if self.item.status == RolloutItemStatus.CHECKING:
            return self._settle_check(done.facts)
        then = done.then or self._kind.after(RolloutStep(self.item.step))
        if not then:
            return self._finish(done)
        now = timezone.now()
        self.claim.release(
            **_NO_ERROR | patience.FRESH,
            **done.facts,
            step=then,
            step_since=now,
            next_attempt_at=now,
        )
        return True

    def settle_wait(self, wait: Wait) -> bool:
        until = wait.until or timezone.now()
        facts = _NO_ERROR | {"waiting_for": wait.reason} | wait.facts
        facts |= patience.begun(self.item, wait, timezone.now())
        self.claim.release(**facts, next_attempt_at=until)
        return False

    def settle_retry(self, failure: Retry, pause: timedelta) -> bool:
        self.claim.release(
            next_attempt_at=timezone.now() + pause,
            last_error=failure.reason,
            last_request_id=failure.request_id,
            waiting_for="the next attempt",
            **patience.interrupted(self.item),
        )
        return False

    def settle_block(self, block: Block) -> bool:
        if self._has_to_resume():
            return self._resume_first(block)
        if self.item.status == RolloutItemStatus.CHECKING:
            text = f"It could not be checked. {block.reason}"
            # A check that fails is a refusal of this tenant, and stops no other.
            unchecked = lint.Finding("unchecked", "org", text).as_json()
            return self._settle_check(
                {
                    "findings": [unchecked],
                    "last_request_id": block.request_id,
                    "blocked_kind": block.kind,
                }
            )
        self.claim.release(
            status=RolloutItemStatus.FAILED,
            finished_at=timezone.now(),
            blocked_kind=block.kind,
            last_error=block.reason,
            last_request_id=block.request_id,
            waiting_for="",
        )
        text = f"{self.claim.rollout}: failed. {block.reason}"
        self.claim.note(EventKind.TROUBLE, text, block.request_id)
        return False

    def note_refused_token(self, refused: TokenRefused) -> None:
        """Pause the whole roll-out: no tenant of it can go on."""
        # Locked, because staff may pause or cancel it at the same moment.
        rollout = Rollout.objects.select_for_update().get(pk=self.claim.rollout.pk)
        if rollout.status == RolloutStatus.RUNNING:
            reason = (
                f"{sentence(refused.error.words)} {refused_token.remedy(self.account)} Then resume."
            )
            waves.pause_automatically(rollout, reason)

    def _settle_check(self, facts: Facts) -> bool:
        now = timezone.now()
        errors = [each for each in facts["findings"] if each["severity"] == "error"]
        status = RolloutItemStatus.REFUSED if errors else RolloutItemStatus.READY
        finished = {"finished_at": now} if errors else {}
        self.claim.release(**_NO_ERROR | facts, **finished, status=status, next_attempt_at=now)
        if errors:
            reasons = " ".join(f"{each['where']}: {each['text']}" for each in errors)
            text = f"{self.claim.rollout}: nothing is sent. {reasons}"
            self.claim.note(EventKind.TROUBLE, text)
        return False

    def _finish(self, done: Done) -> bool:
        # First what the connection has now: release() gives its lease back.
        self.claim.connection_claim.record(**self._kind.finish(self.claim))
        facts = {"status": RolloutItemStatus.DONE, "finished_at": timezone.now()}
        self.claim.release(**_NO_ERROR, **facts, **done.facts)
        self.claim.note(EventKind.STAGE, f"{self.claim.rollout}: {done.text}")
        return False

    def _has_to_resume(self) -> bool:
        # `sent_at` shows that the portal asked for the pause; without it staff paused it.
        is_between = self.item.step in (RolloutStep.PAUSE, RolloutStep.CHANGE) and self.item.sent_at
        return bool(is_between and not self.item.was_paused and self._is_live)

    def _resume_first(self, block: Block) -> bool:
        """Resume the connection, which was paused for the roll-out; the failure is stored after."""
        now = timezone.now()
        self.claim.release(
            **_NO_ERROR | patience.FRESH | {"last_request_id": block.request_id},
            # The verdict is kept until the connection runs again; only then the item has failed.
            step=RolloutStep.RESUME,
            step_since=now,
            verdict=block.reason,
            blocked_kind=block.kind,
            next_attempt_at=now,
        )
        return True
