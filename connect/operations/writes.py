"""What staff can do to the failed writes of one tenant, object and cause."""

from django.db import DatabaseError

from connect.models import Connection
from connect.operations.base import Done, Failed, Operation, Options, Skip, by_name
from connect.runner.lease import Claim
from connect.write_errors import repair
from connect.write_errors.repair_counts import DATABASE_REFUSED


def _never(connection: Connection) -> str:
    return ""


def _retry(claim: Claim, actor: str, options: Options) -> Done:
    return _repair(repair.RETRY, claim, actor, options)


def _ignore(claim: Claim, actor: str, options: Options) -> Done:
    return _repair(repair.IGNORE, claim, actor, options)


def _repair(action: str, claim: Claim, actor: str, options: Options) -> Done:
    """Repair the writes, or those in `chosen`. If not all of them were sent, it is partly done."""
    chosen = options["chosen"]
    # The queue stores pairs as lists.
    pairs = [(log, number) for log, number in chosen] if chosen is not None else None
    table, cause = options["table"], options["cause"]
    try:
        counts = repair.repair(claim.connection, action, table, cause, actor, pairs)
    except DatabaseError as error:
        # The tenant's schema may be gone, or a lock of Heroku Connect's may be in the way.
        raise Failed(f"{table}: {DATABASE_REFUSED}. {str(error).splitlines()[0]}") from error
    text = f"{table}: {counts}"
    if counts.failed and not counts.sent:
        raise Failed(f"{text}.")
    if not counts.sent:
        raise Skip(text)
    return Done(f"{text}.", is_partly=bool(counts.skipped or counts.failed))


REGISTRY: dict[str, Operation] = by_name(
    Operation(repair.RETRY, "Retry writes", _never, _retry, keeps=("cause",)),
    Operation(repair.IGNORE, "Ignore writes", _never, _ignore, keeps=("cause",)),
)
