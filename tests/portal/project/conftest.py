"""Both brokers of the queue."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from django_q.conf import Conf

from tenants import leases
from tests import redis


@pytest.fixture(params=["database", "redis"])
def broker(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The queue is a table, or Redis; this process is the worker host:1."""
    monkeypatch.setattr(leases.Worker, "name", "host:1")
    if request.param == "database":
        yield
        return
    with redis.running() as (url, _):
        monkeypatch.setattr(settings, "REDIS_URL", url)
        monkeypatch.setattr(Conf, "BROKER_CLASS", "portal.project.brokers.RedisBroker")
        yield
