"""What staff can do to a connection, from any page."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from connect import holds, remedies
from connect.clients import budget, heroku_connect
from connect.clients.accounts import app_of, remote_of
from connect.formats import counted, format_time, in_sentence
from connect.health import diagnose, states
from connect.health import refresh as health
from connect.models import ENDING, BlockedKind, Connection, Health, Stage, WaitingOn
from connect.operations import ending, following, timed
from connect.operations.base import Done, Failed, Operation, Options, Report, Skip, by_name, perform
from connect.provisioning import reconciler, stages
from connect.runner import patience
from connect.runner.lease import Claim
from tenants import messages
from tenants.models import MessageKind, MessageStatus

SETTLING = timedelta(seconds=10)
DIAGNOSED = "one is running already; its result arrives within minutes"
NOTHING_WAITS = "no notification waits"
_ENDED_BY_OPERATIONS = (
    BlockedKind.SYSTEM_ERROR,
    BlockedKind.DATABASE,
    BlockedKind.HEROKU_ACCESS,
)


def operate(name: str, connection_id: int, actor: str, options: Options) -> Report:
    """Run a registered operation for a user; return its report. Raises Busy."""
    return perform(REGISTRY[name], connection_id, actor, options)


# --- provisioning --------------------------------------------------------------------------------


def _refusal_to_retry(connection: Connection) -> str:
    if connection.stage in (Stage.LIVE, Stage.OFFBOARDED) and not connection.blocked_at:
        return f"there is nothing left to do: it is {in_sentence(connection.get_stage_display())}"
    if not connection.blocked_at:
        return remedies.refusal_to_retry_wait(connection.waiting_for)
    # What is ended cannot start over, so nothing else would go on with it.
    if connection.stage in ENDING:
        return ""
    return remedies.refusal_to_retry(BlockedKind(connection.blocked_kind or BlockedKind.OTHER))


def _retry(claim: Claim, actor: str, options: Options) -> Done:
    held = holds.of_stage(claim.connection)
    if held and not claim.connection.blocked_at:
        raise Skip(held)
    _unblock(claim, timezone.now())
    stage = in_sentence(claim.connection.get_stage_display())
    text = f"unblocked: {stage}.{_waits(claim)}" if held else f"trying again: {stage}."
    return Done(text, is_started=True)


def _waits(claim: Claim) -> str:
    """Return what the next step waits for as a sentence, "" if it runs at once."""
    held = holds.of_stage(claim.connection)
    return f" It waits: {held}." if held else ""


def _refusal_to_overwrite(connection: Connection) -> str:
    asked = connection.blocked_at and connection.blocked_kind == BlockedKind.OVERWRITES
    return "" if asked else "Heroku does not ask for it"


def _overwrite(claim: Claim, actor: str, options: Options) -> Done:
    claim.record(may_overwrite=True)
    _unblock(claim, timezone.now())
    text = f"allowed.{_waits(claim) or ' The add-on is ordered again.'}"
    return Done(text, is_started=True)


def _unblock(claim: Claim, next_attempt_at: datetime) -> None:
    """Let the reconciler go on with the stage. What is known of the trouble is kept."""
    claim.release(
        attempts=0,
        blocked_at=None,
        blocked_reason="",
        waiting_on=WaitingOn.PORTAL,
        waiting_for="",
        **patience.FRESH,
        next_attempt_at=next_attempt_at,
    )
    if next_attempt_at <= timezone.now():  # else the sweep queues it in time
        reconciler.hurry(claim.connection.pk)


def _continue(claim: Claim) -> str:
    """End the block that this operation is the remedy of; return that as a sentence."""
    if claim.connection.blocked_kind not in _ENDED_BY_OPERATIONS or not claim.connection.blocked_at:
        return ""
    # Heroku Connect still shows the old state for some seconds.
    _unblock(claim, timezone.now() + SETTLING)
    return _waits(claim) or " Provisioning continues."


def _refusal_to_import(connection: Connection) -> str:
    if connection.paused_until:
        return f"it is paused until {format_time(connection.paused_until)}: resume it first"
    if connection.stage in (Stage.IMPORTING_MAPPINGS, Stage.LOADING, Stage.LIVE):
        return ""
    return "Heroku Connect is not authorized yet"


def _import_mappings(claim: Claim, actor: str, options: Options) -> Done:
    facts = {"template": None, "import_sent_at": None}
    with transaction.atomic():
        stages.move_to(
            claim, Stage.IMPORTING_MAPPINGS, "Importing the mappings again.", facts, actor=actor
        )
        reconciler.hurry(claim.connection.pk)
    text = f"asked for the version that new tenants get.{_waits(claim)}"
    return Done(text, is_started=True)


# --- the connection at Heroku Connect ------------------------------------------------------------


def _refusal_to_reach(connection: Connection) -> str:
    if connection.stage == Stage.OFFBOARDED:
        return "it is off-boarded"
    return "" if connection.connection_id else "Heroku Connect does not know it yet"


def _refusal_to_pause(connection: Connection) -> str:
    if connection.stage != Stage.LIVE:
        return "only a live connection can be paused"
    return "it is already paused" if connection.state == states.PAUSED else ""


def _pause(claim: Claim, actor: str, options: Options) -> Done:
    # A pause that is put back has the end that it had.
    if options.get("until"):
        return timed.pause_until(claim, actor, options)
    timed.pause_now(claim.connection, actor)
    return Done(f"accepted; the state is now {health.refresh(claim.connection)}.")


def _refusal_to_restart(connection: Connection) -> str:
    unreachable = _refusal_to_reach(connection)
    if unreachable or not states.is_broken(connection.state):
        return unreachable
    return remedies.refusal_to_restart(states.as_blocked(connection.state).kind)


def _restart(claim: Claim, actor: str, options: Options) -> Done:
    heroku_connect.restart(remote_of(claim.connection))
    state = health.refresh(claim.connection)
    return Done(f"accepted; the state is now {state}.{_continue(claim)}")


def _refresh(claim: Claim, actor: str, options: Options) -> Done:
    # Like any other look: one that fails says that nobody knows how it is.
    error = health.refresh_or_mark_unseen(claim.connection)
    if error:
        raise error
    return Done(f"the state is {claim.connection.state}.")


def _refusal_to_diagnose(connection: Connection) -> str:
    unreachable = _refusal_to_reach(connection)
    return unreachable or (DIAGNOSED if diagnose.is_running(connection) else "")


def _diagnose(claim: Claim, actor: str, options: Options) -> Done:
    started = diagnose.start(claim.connection, actor)
    waiting = diagnose.fetch_notifications(claim.connection)
    if not started:
        raise Skip(DIAGNOSED)
    wait = f"{counted(waiting, 'notification')} {'waits' if waiting == 1 else 'wait'}"
    return Done(f"started; the result arrives within minutes. {wait}.", is_started=True)


def _refusal_to_acknowledge(connection: Connection) -> str:
    unreachable = _refusal_to_reach(connection)
    return unreachable or ("" if diagnose.waiting(connection).exists() else NOTHING_WAITS)


def _acknowledge(claim: Claim, actor: str, options: Options) -> Done:
    count = diagnose.acknowledge(claim.connection, actor)
    if not count:
        raise Skip(NOTHING_WAITS)
    return Done(f"{counted(count, 'notification')}.")


def _refusal_to_link(connection: Connection) -> str:
    unreachable = _refusal_to_reach(connection)
    if unreachable or not _is_linked(connection):
        return unreachable
    return "it is linked: Heroku Connect has its access to the app"


def _is_linked(connection: Connection) -> bool:
    """Return whether the last look shows that neither side has lost its access to the other."""
    if connection.blocked_at or connection.state in ("", states.HEROKU_UNAUTH):
        return False
    return not Health.objects.filter(connection=connection, unknown_since__isnull=False).exists()


def _link(claim: Claim, actor: str, options: Options) -> Done:
    found = heroku_connect.link(app_of(claim.connection), claim.connection.addon_name)
    if not found:
        raise Failed("Heroku Connect does not list the add-on.")
    # Which host serves a connection can only be learnt from this list.
    claim.record(connection_id=found[0].id, region_url=found[0].region_url)
    state = health.refresh(claim.connection)
    return Done(f"linked; the state is now {state}.{_continue(claim)}")


def _refusal_to_reauthorize(connection: Connection) -> str:
    if connection.stage not in (Stage.LOADING, Stage.LIVE):
        return "it was not authorized before"
    return "" if states.lacks_authorization(connection.state) else "it is authorized"


def _reauthorize(claim: Claim, actor: str, options: Options) -> Done:
    # The time in the key: each press of staff is to send a mail.
    key = f"reauthorize:{claim.connection.pk}:{timezone.now().isoformat()}"
    message = messages.queue(
        claim.tenant, MessageKind.AUTHORIZE_AGAIN, key=key, asked_by_staff=True
    )
    if message.status == MessageStatus.HELD:
        raise Skip(message.error)
    return Done(f"a mail with the link is queued for {message.to}.", is_started=True)


REGISTRY: dict[str, Operation] = {
    **by_name(
        Operation(
            "retry", "Retry provisioning", _refusal_to_retry, _retry, calls=tuple(budget.APIS)
        ),
        Operation(
            "overwrite",
            "Allow overwriting",
            _refusal_to_overwrite,
            _overwrite,
            calls=tuple(budget.APIS),
        ),
        Operation("pause", "Pause", _refusal_to_pause, _pause),
        Operation("restart", "Restart", _refusal_to_restart, _restart),
        Operation("refresh", "Refresh", _refusal_to_reach, _refresh),
        Operation("diagnose", "Diagnose", _refusal_to_diagnose, _diagnose),
        Operation(
            "acknowledge", "Acknowledge notifications", _refusal_to_acknowledge, _acknowledge
        ),
        Operation("link", "Link again", _refusal_to_link, _link),
        Operation(
            "reauthorize", "Ask to authorize again", _refusal_to_reauthorize, _reauthorize, calls=()
        ),
        Operation("import_mappings", "Import mappings", _refusal_to_import, _import_mappings),
    ),
    **timed.OPERATIONS,
    **ending.OPERATIONS,
    **following.OPERATIONS,
}
