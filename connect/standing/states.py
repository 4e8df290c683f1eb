"""Every state that a connection can be in, from facts alone, for documents and tests."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from connect.models import BlockedKind, Condition, IncidentKind, Stage, WaitingOn
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
    yield Facts(Stage.OFFBOARDING, _EARLIER)
    yield Facts(Stage.OFFBOARDED, _EARLIER)


def _on_the_way() -> Iterator[Facts]:
    stages = [each for each in Stage if each not in (Stage.LIVE, Stage.OFFBOARDED)]
    for stage in stages:
        if stage == Stage.OFFBOARDING:
            continue
        waits_for = _WAITS_FOR.get(stage, WaitingOn.PORTAL)
        yield Facts(stage, _EARLIER, waits_for)
    yield Facts(Stage.WAITING_FOR_PROOF, _EARLIER, WaitingOn.STAFF, "approval by staff")
    yield Facts(Stage.LOADING, _EARLIER, WaitingOn.SUBSCRIBER)
    for stage in stages:
        yield Facts(stage, _EARLIER, trouble_since=_EARLIER)
        yield Facts(stage, _EARLIER, WaitingOn.STAFF, "a working Heroku token")


def _blocked() -> Iterator[Facts]:
    for kind in BlockedKind:
        yield _block(Stage.CREATING_ADDON, kind)
    for stage in subscriber.BLOCKED_AT:
        yield _block(stage, BlockedKind.OTHER)


def _block(stage: Stage, kind: BlockedKind) -> Facts:
    return Facts(
        stage,
        _EARLIER,
        WaitingOn.STAFF,
        blocked=kind,
        blocked_reason=str(kind.label),
        trouble_since=_EARLIER,
    )


def _live() -> Iterator[Facts]:
    for condition in Condition:
        state = _STATES.get(condition, "IDLE")
        yield _well(state=state, condition=condition, condition_since=_EARLIER)
    yield _well(condition=Condition.BROKEN)  # all its mappings are
    yield _well(condition=Condition.UNKNOWN, seen=False)
    yield _well(drifted_since=_EARLIER)
    yield _well(failed_writes=3)
    for kind in IncidentKind:
        yield _well(incidents=(OpenIncident(kind, str(kind.label), _EARLIER),))


def _well(**facts: object) -> Facts:
    return Facts(**{"stage": Stage.LIVE, "stage_since": _EARLIER, **facts})  # type: ignore[arg-type]
