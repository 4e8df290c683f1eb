"""Making the add-on at Heroku, and linking the portal's user to its connection."""

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from connect import addons
from connect.clients import heroku, heroku_connect, http
from connect.models import WAITS_FOR_CAP, BlockedKind, Connection, WaitingOn
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
        addon = heroku.find_addon(settings.APP_NAME, connection.addon_name) or _make_addon(claim)
    elif _may_order(claim):
        addon = _make_addon(claim)
    else:
        return Wait(spending.next_day(timezone.now()), WAITS_FOR_CAP, WaitingOn.STAFF)
    # Heroku may answer before the add-on is ready.
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
        {"addon_id": addon.id, "plan": addon.plan},
        EventKind.ADDON_CREATED,
    )


def _may_order(claim: Claim) -> bool:
    """Count the order and store the intent, or return False if the cap of the day is reached."""
    now = timezone.now()
    # In one transaction, so that a lost lease takes the count back.
    with transaction.atomic():
        if not spending.reserve(now.date()):
            return False
        # Stored before the call: after a lost answer the add-on is looked for by this name.
        name = addons.name_for(claim.tenant.org_id, claim.connection.generation)
        claim.record(addon_name=name, addon_requested_at=now)
    return True


def _make_addon(claim: Claim) -> heroku.Addon:
    connection = claim.connection
    try:
        return _order(connection)
    except http.ConfirmationRequired as asked:
        if not connection.may_overwrite:
            raise Blocked(BlockedKind.OVERWRITES, _would_overwrite(connection, asked)) from asked
        return _order(connection, confirm=settings.APP_NAME)
    except http.Taken as taken:
        # Our own earlier call may have made it, although the look before this call did not show it.
        found = heroku.find_addon(settings.APP_NAME, connection.addon_name)
        if found:
            return found
        raise Blocked(
            BlockedKind.NAME_TAKEN,
            f"The add-on name {connection.addon_name} belongs to another account. {taken}",
        ) from taken


def _order(connection: Connection, confirm: str | None = None) -> heroku.Addon:
    return heroku.create_addon(
        settings.APP_NAME,
        settings.HEROKU_CONNECT_PLAN,
        connection.addon_name,
        _attachment(connection),
        confirm,
    )


def _attachment(connection: Connection) -> str:
    return addons.attachment_for(connection.tenant.org_id, connection.generation)


def _would_overwrite(connection: Connection, asked: http.ConfirmationRequired) -> str:
    name = _attachment(connection)
    return (
        f"The app {settings.APP_NAME} has a config var {name}_URL or an attachment {name} already, "
        f"and the new add-on would overwrite it. {asked}"
    )


def linking(claim: Claim) -> StepOutcome:
    """Give the portal's Heroku user access to the new connection, and store its id and region."""
    listed = heroku_connect.link(settings.APP_NAME, claim.connection.addon_name)
    if not listed:
        return poll("Heroku Connect to list the new add-on", claim.connection.stage_since)
    # The list is selected by the add-on's name, which is unique, so there is at most one.
    found = listed[0]
    return Done(
        f"Linked to Heroku Connect in {found.region_url}.",
        {"connection_id": found.id, "region_url": found.region_url},
    )
