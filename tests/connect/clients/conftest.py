"""Fixtures for calling peers that misbehave."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from connect.clients import budget, http
from tenants.http import limits
from tests.connect.clients.rawpeer import RawPeer, serving

# Short enough to be sat out in a test.
LIMITS = http.Limits(connect=0.5, read=0.25, total=0.6, body=1000, backoff=0.001, patience=1)


@pytest.fixture(scope="session")
def raw_server() -> Iterator[RawPeer]:
    """The one raw peer of the run."""
    with serving() as peer:
        yield peer


@pytest.fixture
def raw(raw_server: RawPeer) -> Iterator[RawPeer]:
    """A peer on a real socket that says what the test tells it to."""
    yield raw_server
    raw_server.forget()


@pytest.fixture
def peer(raw: RawPeer) -> http.Peer:
    """A client of `raw` with little patience."""
    return http.Peer("Peer", raw.url, "HRKU-secret-token", limits=LIMITS)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the real clients lose their patience as fast as `peer` does."""
    monkeypatch.setattr("tenants.http.peer.LIMITS", replace(LIMITS, body=limits.LIMITS.body))


@pytest.fixture(autouse=True)
def _forget_the_last_record(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "recorder", budget.BudgetRecorder())
