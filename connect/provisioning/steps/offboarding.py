"""Ending a connection."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from connect import databases, schemas
from connect.clients import heroku, heroku_connect, http
from connect.clients.accounts import App, app_of, remote_of
from connect.models import Connection, SchemaFate, WaitingOn
from connect.runner.lease import Claim
from connect.runner.outcomes import Done, StepOutcome
from connect.runner.polling import poll
from tenants import grants, timeline
from tenants.models import EventKind, Tenant

MAX_CLEANUP_ATTEMPTS = 4
REMOVAL_PATIENCE = timedelta(hours=6)
_LEAVING = "deprovisioning"
_NOT_REVOKED = (
    "Our access to Salesforce is not revoked there, only forgotten here: {} The org's admin can "
    "revoke it under “Connected Apps OAuth Usage”."
)


def offboarding(claim: Claim) -> StepOutcome:
    """Pause, revoke and forget the grant, delete the add-on, then keep or drop the schema.

    Heroku may remove an add-on slowly. What follows waits until it is not found any more.
    """
    connection = claim.connection
    # The request counts, not the answer: an add-on whose answer was lost costs money too.
    app = app_of(connection) if connection.addon_requested_at else None
    if connection.waiting_on != WaitingOn.HEROKU:  # else all of this was done before the wait
        _end_work(claim)
        if app:
            heroku.delete_addon(app, connection.addon_name)
    if app and _is_still_there(app, connection):
        return poll("Heroku to remove the add-on", _began(connection), REMOVAL_PATIENCE)
    # After the add-on, since Heroku Connect would still write to the schema before.
    if connection.schema_fate == SchemaFate.DROP and connection.schema_name:
        schemas.drop(connection.schema_name, databases.alias_of(connection))
    return Done(_what_was_done(connection))


def _is_still_there(app: App, connection: Connection) -> bool:
    """Return whether Heroku still has the add-on; if nothing removes it, delete it again.

    It costs money, so no answer to the deletion is believed, neither a 200 nor a 404.
    """
    found = heroku.find_addon(app, connection.addon_name)
    if found and found.state != _LEAVING and connection.waiting_on == WaitingOn.HEROKU:
        heroku.delete_addon(app, connection.addon_name)
    return found is not None


def _began(connection: Connection) -> datetime:
    return connection.waiting_since or timezone.now()


def _end_work(claim: Claim) -> None:
    """Pause the connection, and revoke and forget the grant."""
    connection = claim.connection
    # A count of its own, before the calls: neither a retry of staff nor a death renews it.
    insist = connection.cleanup_attempts < MAX_CLEANUP_ATTEMPTS
    if insist:
        claim.record(cleanup_attempts=connection.cleanup_attempts + 1)
    # It may end before it was linked; then there is nothing to pause.
    if connection.connection_id and connection.addon_id:
        _best_effort(insist, lambda: heroku_connect.pause(remote_of(connection)))
    # A tenant that starts over keeps its sign-in for the next connection.
    if not connection.start_over:
        _end_grant(claim.tenant, insist=insist)


def _end_grant(tenant: Tenant, *, insist: bool) -> None:
    """Revoke and forget the grant; say on the timeline what was not revoked."""
    trouble = _best_effort(insist, lambda: grants.revoke(tenant.pk))
    # Together: the next attempt finds no grant, so it could not say it any more.
    with transaction.atomic():
        grants.forget(tenant.pk)
        if trouble:
            timeline.note(tenant, EventKind.TROUBLE, _NOT_REVOKED.format(trouble))


def _what_was_done(connection: Connection) -> str:
    """Return what has ended. It may end before anything was made."""
    addon = "The add-on is deleted" if connection.addon_requested_at else "There was no add-on"
    if not connection.schema_name:
        return f"{addon}, and there was no schema."
    kept = "dropped" if connection.schema_fate == SchemaFate.DROP else "kept"
    return f"{addon}, and the schema is {kept}."


def _best_effort(insist: bool, act: Callable[[], None]) -> str:
    """Run an optional clean-up call. If it fails for good or too often, return why.

    Deleting the add-on stops the synchronization anyway, so a failing peer must not keep a paid
    add-on running.
    """
    try:
        act()
    except (http.Retryable, grants.GrantError) as error:
        # A refusal (403, 404, a redirect) is the same the next time, so nothing is gained by it.
        if insist and getattr(error, "retry", True):
            raise
        return str(error)
    # Refused for good: there is nothing left to pause or revoke.
    except (http.RemoteError, grants.GrantLost):
        return ""
    return ""
