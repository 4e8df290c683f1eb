"""Looking at a connection and keeping what was seen."""

import logging
from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from connect.clients import heroku_connect, http
from connect.health import states
from connect.models import Connection, HealthSample, Mapping, Stage

log = logging.getLogger(__name__)


def refresh(connection: Connection) -> str:
    """Ask Heroku Connect for a connection, store the answer, return its state.

    Raises connect.clients.http.RemoteError.
    """
    seen = heroku_connect.detail(connection.region_url, connection.connection_id, deep=True)
    store(connection, seen)
    return seen.state


def refresh_all() -> int:
    """Refresh every live connection, the longest unseen first; return how many could be seen.

    One tenant's failure never stops the others: its `seen_at` just grows old.
    """
    seen = 0
    live = Connection.objects.filter(stage=Stage.LIVE).order_by("seen_at")
    for connection in live.iterator(chunk_size=200):
        try:
            refresh(connection)
        except http.RemoteError as trouble:
            log.warning("health unknown connection=%s error=%s", connection.pk, trouble)
        else:
            seen += 1
    return seen


def store(connection: Connection, seen: heroku_connect.Detail) -> None:
    """Keep the connection's state, its mappings (gone ones are removed) and one sample."""
    now = timezone.now()
    with transaction.atomic():
        Connection.objects.filter(pk=connection.pk).update(state=seen.state, seen_at=now)
        _store_mappings(connection, seen.mappings)
        HealthSample.objects.create(
            connection=connection,
            at=now,
            state=seen.state,
            mappings=len(seen.mappings),
            mappings_synced=sum(found.state == states.SYNCED for found in seen.mappings),
            rows_failed=sum(found.rows_failed or 0 for found in seen.mappings),
        )
    connection.state, connection.seen_at = seen.state, now


def _store_mappings(connection: Connection, found: Iterable[heroku_connect.MappingDetail]) -> None:
    now = timezone.now()
    rows = [
        Mapping(
            connection=connection,
            object_name=mapping.object_name,
            mapping_id=mapping.id,
            state=mapping.state,
            access=mapping.access,
            config=mapping.config,
            rows_in_database=mapping.rows_in_database,
            rows_in_salesforce=mapping.rows_in_salesforce,
            rows_pending=mapping.rows_pending,
            rows_failed=mapping.rows_failed,
            seen_at=now,
        )
        for mapping in found
    ]
    names = [row.object_name for row in rows]
    connection.mappings.exclude(object_name__in=names).delete()
    Mapping.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["connection", "object_name"],
        update_fields=[
            "mapping_id",
            "state",
            "access",
            "config",
            "rows_in_database",
            "rows_in_salesforce",
            "rows_pending",
            "rows_failed",
            "seen_at",
        ],
    )
