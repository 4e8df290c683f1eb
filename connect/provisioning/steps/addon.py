"""Making the add-on at Heroku, and linking the portal's user to its connection."""

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from connect import addons
from connect.clients import heroku, heroku_connect, http
from connect.clients.accounts import app_of
from connect.models import WAITS_FOR_CAP, BlockedKind, Connection, WaitingOn
from connect.placement import place
from connect.provisioning import spending
from connect.provisioning.steps.enrollment import enroll
from connect.runner.lease import Claim
from connect.runner.outcomes import Blocked, Done, StepOutcome, Wait
from connect.runner.polling import poll
from tenants.models import EventKind


def creating_addon(claim: Claim) -> StepOutcome:
    """Create the add-on under a fixed name, so that a lost answer does not create a second one."""
    connection = claim.connection
    if connection.addon_requested_at:
        addon = _find(connection) or _make_addon(claim)
    elif wait := _order(claim):
        return wait
    else:
        addon = _make_addon(claim)
        # Heroku answers before the add-on is ready. It may be by now, and the first mail waits.
        addon = (_find(connection) if addon.state == "provisioning" else None) or addon
    if addon.state == "provisioning":
        facts = {"addon_id": addon.id}
        return poll("Heroku to provision the add-on", connection.stage_since, facts=facts)
    if addon.state != "provisioned":
        raise Blocked(
            BlockedKind.ADDON_FAILED,
            f"Heroku could not provision {addon.name}: it is {addon.state}.",
        )
    if settings.HEROKU_CONNECT_ISV_SLUG:
        # Before the stage moves: an error repeats this step, which finds the add-on by its name.
        enroll(claim, addon)
    return Done(
        f"The add-on {addon.name} exists.",
        {"addon_id": addon.id, "plan": addon.plan, "monthly_cents": addon.monthly_cents},
        EventKind.ADDON_CREATED,
    )


def _find(connection: Connection) -> heroku.Addon | None:
    return heroku.find_addon(app_of(connection), connection.addon_name)


def _order(claim: Claim) -> Wait | None:
    """Place the connection, count the order and store the intent; or return what it waits for."""
    now = timezone.now()
    # In one transaction, so that a lost lease or a missing place takes the count back.
    with transaction.atomic():
        if not spending.reserve(now.date()):
            return Wait(spending.next_day(now), WAITS_FOR_CAP, WaitingOn.STAFF)
        host, why = place.place(claim.connection)
        if host is not None:
            # Stored before the call: after a lost answer the add-on is looked for by this name.
            name = addons.name_for(claim.tenant.org_id, claim.connection.generation)
            claim.record(host_app=host, addon_name=name, addon_requested_at=now)
            return None
        transaction.set_rollback(True)
    place.alert_no_room(why)
    return Wait(now + place.LOOK_AGAIN, why, WaitingOn.STAFF)


def _make_addon(claim: Claim) -> heroku.Addon:
    connection = claim.connection
    try:
        return _make(connection)
    except http.ConfirmationRequired as asked:
        if not connection.may_overwrite:
            raise Blocked(BlockedKind.OVERWRITES, _would_overwrite(connection, asked)) from asked
        return _make(connection, confirm=app_of(connection).name)
    except http.Taken as taken:
        # Our own earlier call may have made it, although the look before this call did not show it.
        found = _find(connection)
        if found:
            return found
        raise Blocked(
            BlockedKind.NAME_TAKEN,
            f"The add-on name {connection.addon_name} belongs to another account. {taken}",
        ) from taken


def _make(connection: Connection, confirm: str | None = None) -> heroku.Addon:
    return heroku.create_addon(
        app_of(connection),
        settings.HEROKU_CONNECT_PLAN,
        connection.addon_name,
        _attachment(connection),
        confirm,
    )


def _attachment(connection: Connection) -> str:
    return addons.attachment_for(connection.tenant.org_id, connection.generation)


def _would_overwrite(connection: Connection, asked: http.ConfirmationRequired) -> str:
    app, name = app_of(connection).name, _attachment(connection)
    return (
        f"The app {app} has a config var {name}_URL or an attachment {name} already, "
        f"and the new add-on would overwrite it. {asked}"
    )


def linking(claim: Claim) -> StepOutcome:
    """Give the portal's Heroku user access to the new connection, and store its id and region."""
    listed = heroku_connect.link(app_of(claim.connection), claim.connection.addon_name)
    if not listed:
        return poll("Heroku Connect to list the new add-on", claim.connection.stage_since)
    # The list is selected by the add-on's name, which is unique, so there is at most one.
    found = listed[0]
    return Done(
        f"Linked to Heroku Connect in {found.region_url}.",
        {"connection_id": found.id, "region_url": found.region_url},
    )
