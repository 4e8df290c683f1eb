"""Refreshing one connection: reading it from Heroku Connect and storing the result."""

import logging
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from connect import databases, returns
from connect.clients import heroku_connect, http
from connect.clients.accounts import remote_of
from connect.clients.connection_detail import ConnectionDetail, MappingDetail
from connect.formats import sentence
from connect.health import history, incidents, observations, states
from connect.models import Connection, IncidentKind, Mapping, Stage

log = logging.getLogger(__name__)

_MAPPING_FACTS = (
    "mapping_id",
    "state",
    "description",
    "access",
    "config",
    "rows_in_database",
    "rows_in_salesforce",
    "rows_pending",
    "rows_failed",
    "seen_at",
)


def refresh(connection: Connection) -> str:
    """Read a connection from Heroku Connect, store it, update its incidents; return its state.

    Raises connect.clients.http.RemoteError.
    """
    seen = heroku_connect.detail(remote_of(connection), deep=True)
    store(connection, seen)
    is_authorized = not states.lacks_authorization(seen.state)
    returns.note_look(connection.tenant, is_authorized=is_authorized)
    return seen.state


def refresh_or_mark_unseen(connection: Connection) -> Exception | None:
    """Refresh a live connection; if it cannot be read, mark it as unknown and return why."""
    with http.working_for(connection.tenant.org_id):
        try:
            refresh(connection)
        except http.RemoteError as error:
            log.warning("health unknown connection=%s error=%s", connection.pk, error)
            mark_unseen(connection, sentence(error.words))
            return error
        except Exception as error:  # a fault of one connection must not stop the others
            log.exception("health unknown connection=%s", connection.pk)
            bug = f"An error in the portal itself: {error!r}."
            mark_unseen(connection, databases.passing_failure(error) or bug)
            return error
    return None


def store(connection: Connection, seen: ConnectionDetail) -> None:
    """Store a connection's state, mappings (removed ones are deleted), sample and incidents."""
    store_page([(connection, seen)], deep=True)


def mark_unseen(connection: Connection, why: str) -> None:
    """Note that a connection could not be seen, and for how long."""
    health = observations.of(connection)
    observations.note_unseen([health], timezone.now())
    incidents.update_one(health, {IncidentKind.UNSEEN: why}, only=True)


def store_page(pairs: list[tuple[Connection, ConnectionDetail]], *, deep: bool) -> int:
    """Store what one page of connections shows; `deep` includes their mappings."""
    now = timezone.now()
    with transaction.atomic():
        for connection, seen in pairs:
            connection.state, connection.seen_at = seen.state, now
        # One update for each state, because a page has few different ones.
        for state in {row.state for row, _ in pairs}:
            same = [row.pk for row, _ in pairs if row.state == state]
            Connection.objects.filter(pk__in=same).update(state=state, seen_at=now)
        if deep:
            _store_mappings(pairs, now)
        healths = observations.note(pairs, now, deep=deep)
        history.sample(healths, now)
        # While it is loading, its mappings are not expected to be well.
        incidents.update(each for each in healths if each.connection.stage == Stage.LIVE)
    return len(pairs)


def _store_mappings(pairs: list[tuple[Connection, ConnectionDetail]], now: datetime) -> None:
    """Store the mappings of a page in two statements, and delete those that are gone."""
    # By name, since a statement fails that writes one row twice; the last one counts.
    rows = {
        (connection.pk, mapping.object_name): _mapping(connection, mapping, now)
        for connection, seen in pairs
        for mapping in seen.mappings
    }
    Mapping.objects.bulk_create(
        rows.values(),
        update_conflicts=True,
        unique_fields=["connection", "object_name"],
        update_fields=_MAPPING_FACTS,
    )
    # Each that is there was written just now.
    of_these = Mapping.objects.filter(connection__in=[row.pk for row, _ in pairs])
    of_these.exclude(seen_at=now).delete()


def _mapping(connection: Connection, mapping: MappingDetail, now: datetime) -> Mapping:
    return Mapping(
        connection=connection,
        object_name=mapping.object_name,
        mapping_id=mapping.id,
        state=mapping.state,
        description=mapping.description,
        access=mapping.access,
        config=mapping.config,
        rows_in_database=mapping.rows_in_database,
        rows_in_salesforce=mapping.rows_in_salesforce,
        rows_pending=mapping.rows_pending,
        rows_failed=mapping.rows_failed,
        seen_at=now,
    )
