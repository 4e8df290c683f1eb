"""Pointing the connection at its own schema in the database."""

from django.utils import timezone

from connect import schemas
from connect.clients import heroku_connect
from connect.clients.accounts import remote_of
from connect.clients.connection_detail import ConnectionDetail
from connect.health import states
from connect.models import BlockedKind, Connection
from connect.runner.lease import Claim
from connect.runner.outcomes import Blocked, Done, StepOutcome
from connect.runner.polling import poll


def configuring_database(claim: Claim) -> StepOutcome:
    """Set the database and the schema. A 2xx proves nothing: the state has to change."""
    connection = claim.connection
    schema = schemas.name_for(claim.tenant.org_id, connection.generation)
    # An earlier call may have worked although its answer was lost.
    if connection.schema_requested_at:
        seen = heroku_connect.detail(remote_of(connection))
        if seen.state != states.NEW:
            return _configured(seen, schema)
    # The name is stored first: it can never be used again, even if the answer is lost.
    claim.record(schema_name=schema, schema_requested_at=timezone.now())
    heroku_connect.configure(remote_of(connection), _config_var(connection), schema)
    seen = heroku_connect.detail(remote_of(connection))
    if seen.state == states.NEW:
        return poll("Heroku Connect to take the database", connection.stage_since)
    return _configured(seen, schema)


def _config_var(connection: Connection) -> str:
    assert connection.host_app is not None  # noqa: S101  (an add-on has a host app)
    return connection.host_app.config_var


def _configured(seen: ConnectionDetail, schema: str) -> StepOutcome:
    if seen.schema_name != schema:
        raise Blocked(
            BlockedKind.OTHER_SCHEMA,
            f"Heroku Connect is set to the schema {seen.schema_name!r} and not to {schema!r}. "
            "It was configured outside the portal.",
        )
    return Done(f"Data will go to the schema {schema}.", {"state": seen.state})
