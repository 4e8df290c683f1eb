"""Ending a connection."""

from collections.abc import Callable

from django.conf import settings

from connect import schemas
from connect.clients import heroku, heroku_connect, http
from connect.models import SchemaFate
from connect.runner.lease import Claim
from connect.runner.outcomes import Done, StepOutcome
from tenants import grants

MAX_CLEANUP_ATTEMPTS = 4


def offboarding(claim: Claim) -> StepOutcome:
    """Pause, revoke and forget the grant, delete the add-on, then keep or drop the schema."""
    connection = claim.connection
    insist = connection.attempts < MAX_CLEANUP_ATTEMPTS
    # It may end before it was linked; then there is nothing to pause.
    if connection.connection_id and connection.addon_id:
        address = (connection.region_url, connection.connection_id)
        _best_effort(insist, lambda: heroku_connect.pause(*address))
    # A tenant that starts over keeps its sign-in for the next connection.
    if not connection.start_over:
        _best_effort(insist, lambda: grants.revoke(claim.tenant.pk))
        grants.forget(claim.tenant.pk)
    # The request counts, not the answer: an add-on whose answer was lost costs money too.
    if connection.addon_requested_at:
        _delete_addon(connection.addon_name)
    # After the add-on, since Heroku Connect would still write to the schema before.
    if connection.schema_fate == SchemaFate.DROP and connection.schema_name:
        schemas.drop(connection.schema_name)
    kept = "dropped" if connection.schema_fate == SchemaFate.DROP else "kept"
    return Done(f"The add-on is deleted and the schema {kept}.")


def _delete_addon(name: str) -> None:
    try:
        heroku.delete_addon(settings.APP_NAME, name)
    except http.ConfirmationRequired:  # staff confirmed it when they off-boarded the tenant
        heroku.delete_addon(settings.APP_NAME, name, confirm=settings.APP_NAME)


def _best_effort(insist: bool, act: Callable[[], None]) -> None:
    """Run an optional clean-up call; after some attempts continue without it.

    Deleting the add-on stops the synchronization anyway, so a failing peer must not keep a paid
    add-on running.
    """
    try:
        act()
    except (http.Retryable, grants.GrantError):
        if insist:
            raise
    except (http.RemoteError, grants.GrantLost):
        return
