"""Every state that a connection can be in, from facts alone, for documents and tests."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from connect.health import causes
from connect.health import states as health_states
from connect.models import (
    COMMON,
    ENDING,
    WAITS_FOR_CAP,
    WAITS_FOR_END,
    WAITS_FOR_ROOM,
    BlockedKind,
    Condition,
    IncidentKind,
    Stage,
    WaitingOn,
)
from connect.standing import subscriber
from connect.standing.facts import Facts, OpenIncident
from connect.standing.judging import Standing, judge

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
_EARLIER = NOW - timedelta(hours=2)
_WAITS_FOR = {
    Stage.WAITING_FOR_PROOF: WaitingOn.SUBSCRIBER,
    Stage.WAITING_FOR_CONSENT: WaitingOn.SUBSCRIBER,
    Stage.WAITING_FOR_AUTHORIZATION: WaitingOn.SUBSCRIBER,
}
# What Heroku Connect reports beside each condition.
_STATES = {
    Condition.NEEDS_AUTHORIZATION: "UNAUTHORIZED",
    Condition.BROKEN: "SYSTEM_ERROR",
    Condition.PAUSED: "PAUSED",
}

_STATE_OF_INCIDENT = {
    **{kind: state for state in health_states.CONNECTIONS if (kind := causes.kind_of(state))},
    IncidentKind.PAUSED: health_states.PAUSED,
    IncidentKind.UNAUTHORIZED: health_states.UNAUTHORIZED,
}
_CONDITION_OF_INCIDENT = {
    IncidentKind.MAPPING: Condition.DEGRADED,
    IncidentKind.STRANGE_STATE: Condition.UNKNOWN,
}
# The stage at which each kind of block happens, if it is not the first one.
_BLOCKED_AT = {
    BlockedKind.OTHER_SCHEMA: Stage.CONFIGURING_DATABASE,
    BlockedKind.NO_PACKAGE: Stage.PUBLISHING_LINK,
    BlockedKind.WRONG_ORG: Stage.WAITING_FOR_AUTHORIZATION,
    BlockedKind.NO_VERSION: Stage.IMPORTING_MAPPINGS,
    BlockedKind.MAPPINGS_REFUSED: Stage.IMPORTING_MAPPINGS,
    **dict.fromkeys(
        (
            BlockedKind.MAPPING_BROKEN,
            BlockedKind.AUTHORIZATION_LOST,
            BlockedKind.SYSTEM_ERROR,
            BlockedKind.DATABASE,
            BlockedKind.ROW_LIMIT,
            BlockedKind.HEROKU_ACCESS,
            BlockedKind.ORG_INACTIVE,
            BlockedKind.SHELVED,
        ),
        Stage.LOADING,
    ),
}
# They end the work on a tenant of a roll-out, and never block its connection.
ONLY_IN_ROLLOUTS = (
    BlockedKind.PAUSED,
    BlockedKind.NOT_LIVE,
    BlockedKind.UNSAFE_CHANGE,
    BlockedKind.IMPORT_IGNORED,
)


def every() -> list[tuple[Facts, Standing]]:
    """Return each state once, by its key, in the order of a connection's life."""
    found: dict[str, tuple[Facts, Standing]] = {}
    for facts in _facts():
        standing = judge(facts)
        found.setdefault(standing.key, (facts, standing))
    return list(found.values())


def _facts() -> Iterator[Facts]:
    yield Facts(None, _EARLIER)
    yield from _on_the_way()
    yield from _blocked()
    yield from _live()
    yield Facts(Stage.RESUMING, _EARLIER)
    ends_at = _ends_at(Stage.GRACE)
    yield Facts(Stage.GRACE, _EARLIER, waiting_for=WAITS_FOR_END, ends_at=ends_at)
    yield Facts(Stage.OFFBOARDING, _EARLIER)
    yield Facts(Stage.OFFBOARDED, _EARLIER)


def _on_the_way() -> Iterator[Facts]:
    stages = [each for each in Stage if each not in (Stage.LIVE, Stage.OFFBOARDED)]
    for stage in stages:
        if stage in ENDING:
            continue
        waits_for = _WAITS_FOR.get(stage, WaitingOn.PORTAL)
        yield Facts(stage, _EARLIER, waits_for)
    yield Facts(Stage.WAITING_FOR_PROOF, _EARLIER, WaitingOn.STAFF, "approval by staff")
    yield Facts(Stage.CREATING_ADDON, _EARLIER, WaitingOn.STAFF, WAITS_FOR_CAP)
    yield Facts(Stage.CREATING_ADDON, _EARLIER, WaitingOn.STAFF, f"{WAITS_FOR_ROOM}: it is full")
    yield Facts(Stage.LOADING, _EARLIER, WaitingOn.SUBSCRIBER, state="UNAUTHORIZED")
    for stage in stages:
        yield Facts(stage, _EARLIER, trouble_since=_EARLIER, ends_at=_ends_at(stage))
        waits = WaitingOn.STAFF, "a working Heroku token"
        yield Facts(stage, _EARLIER, *waits, ends_at=_ends_at(stage))


def _ends_at(stage: Stage) -> datetime | None:
    return NOW + timedelta(days=7) if stage == Stage.GRACE else None


def _blocked() -> Iterator[Facts]:
    for kind in BlockedKind:
        if kind not in ONLY_IN_ROLLOUTS:
            yield _block(_BLOCKED_AT.get(kind, Stage.CREATING_ADDON), kind)
    for stage in subscriber.BLOCKED_AT:
        yield _block(stage, BlockedKind.OTHER)


def _block(stage: Stage, kind: BlockedKind) -> Facts:
    return Facts(
        stage,
        _EARLIER,
        WaitingOn.STAFF,
        blocked=kind,
        blocked_reason=f"The reason: {kind.label}.",
        trouble_since=_EARLIER,
        ends_at=_ends_at(stage),
        state="UNAUTHORIZED" if kind == BlockedKind.AUTHORIZATION_LOST else "",
    )


def _live() -> Iterator[Facts]:
    for condition in Condition:
        state = _STATES.get(condition, "IDLE")
        yield _well(state=state, condition=condition, condition_since=_EARLIER)
    yield _well(condition=Condition.BROKEN)  # all its mappings are
    yield _well(condition=Condition.UNKNOWN, seen=False)
    yield _well(drifted_since=_EARLIER)
    over = OpenIncident(IncidentKind.TOO_MANY_ROWS, "It was.", _EARLIER, well_since=NOW)
    yield _well(incidents=(over,))
    yield _well(failed_writes=3)
    yield from (_troubled(kind) for kind in IncidentKind if kind not in COMMON)


def _troubled(kind: IncidentKind) -> Facts:
    state = _STATE_OF_INCIDENT.get(kind, "IDLE")
    condition = _CONDITION_OF_INCIDENT.get(kind, health_states.of_connection(state))
    incident = OpenIncident(kind, f"What is wrong: {kind.label}.", _EARLIER)
    return _well(state=state, condition=condition, incidents=(incident,))


def _well(**facts: object) -> Facts:
    return Facts(**{"stage": Stage.LIVE, "stage_since": _EARLIER, **facts})  # type: ignore[arg-type]
