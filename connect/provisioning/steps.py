"""What each stage of provisioning does: look, then act. See outcomes.py for the answers.

A step may be run again at any point of its work, so an act whose answer can be lost (making the
add-on, importing) is written down as an intent first, and looked for before it is repeated.
"""

import hashlib
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from connect import schemas
from connect.clients import heroku, heroku_connect, http, salesforce
from connect.health import refresh, states
from connect.mappings import lint, templates
from connect.models import SchemaFate, Stage, WaitingOn
from connect.provisioning import reminders
from connect.runner import retry
from connect.runner.lease import Claim
from connect.runner.outcomes import Blocked, Done, Outcome, Wait
from tenants import consent, links, messages, orgid, registration
from tenants.models import EventKind, GrantStatus, MessageKind, SalesforceGrant

MACHINE_PATIENCE = timedelta(minutes=45)
LOADING_PATIENCE = timedelta(hours=24)
IMPORT_GRACE = timedelta(seconds=60)  # Heroku Connect shows an import some seconds after the POST
COURTESY_ATTEMPTS = 4


def waiting_for_proof(claim: Claim) -> Outcome:
    """Nothing that costs money is made before it is shown that the org itself asked."""
    if registration.proof_suffices(claim.tenant):
        return Done(f"The registration is proven: {claim.tenant.get_proof_display().lower()}.")
    if settings.REGISTRATION_POLICY == "approval":
        return Wait(None, "approval by staff", WaitingOn.STAFF)
    return _ask_to_sign_in(claim, "proof: the admin's Salesforce sign-in, or approval by staff")


def creating_addon(claim: Claim) -> Outcome:
    """Make the add-on under a name that can be found again: a lost answer makes no second one."""
    connection = claim.connection
    if connection.addon_requested_at:
        addon = heroku.find_addon(settings.APP_NAME, connection.addon_name) or _make_addon(claim)
    else:
        claim.record(addon_name=_addon_name(claim), addon_requested_at=timezone.now())
        addon = _make_addon(claim)
    if addon.state == "provisioning":
        return _poll("Heroku to provision the add-on", claim, facts={"addon_id": addon.id})
    if addon.state != "provisioned":
        raise Blocked(f"Heroku could not provision {addon.name}: it is {addon.state}.")
    if settings.HEROKU_CONNECT_ISV_SLUG:
        heroku.enroll(settings.HEROKU_CONNECT_ISV_SLUG, addon.id)
    return Done(
        f"The add-on {addon.name} exists.",
        {"addon_id": addon.id, "plan": addon.plan},
        EventKind.ADDON_CREATED,
    )


def _make_addon(claim: Claim) -> heroku.Addon:
    connection = claim.connection
    attachment = f"HC_{claim.tenant.org_id}_{connection.generation}".upper()
    try:
        return heroku.create_addon(
            settings.APP_NAME, settings.HEROKU_CONNECT_PLAN, connection.addon_name, attachment
        )
    except http.ConfirmationRequired:
        # The operator chose this plan for every tenant in HEROKU_CONNECT_PLAN: that is the consent.
        return heroku.create_addon(
            settings.APP_NAME,
            settings.HEROKU_CONNECT_PLAN,
            connection.addon_name,
            attachment,
            confirm=settings.APP_NAME,
        )
    except http.Taken as taken:
        found = heroku.find_addon(settings.APP_NAME, connection.addon_name)
        if found:
            return found
        raise Blocked(
            f"The add-on name {connection.addon_name} belongs to somebody else. {taken}"
        ) from taken


def _addon_name(claim: Claim) -> str:
    """Return a name that is unique over all of Heroku and the same at every attempt."""
    app = hashlib.sha256(settings.APP_NAME.encode()).hexdigest()[:6]
    return f"hc-{app}-{claim.tenant.org_id.lower()}-{claim.connection.generation}"


def linking(claim: Claim) -> Outcome:
    """Give the portal's Heroku user access to the new connection, and learn where it is served."""
    listed = heroku_connect.link(settings.APP_NAME, claim.connection.addon_name)
    if not listed:
        return _poll("Heroku Connect to list the new add-on", claim)
    found = listed[0]
    return Done(
        f"Linked to Heroku Connect in {found.region_url}.",
        {"connection_id": found.id, "region_url": found.region_url},
    )


def configuring_database(claim: Claim) -> Outcome:
    """Point the connection at its own schema. A 2xx proves nothing: the state has to change."""
    connection = claim.connection
    schema = schemas.name_for(claim.tenant.org_id, connection.generation)
    if connection.schema_requested_at:
        seen = heroku_connect.detail(connection.region_url, connection.connection_id)
        if seen.state != states.NEW:
            return _configured(seen, schema)
    claim.record(schema_name=schema, schema_requested_at=timezone.now())
    heroku_connect.configure(
        connection.region_url, connection.connection_id, settings.HEROKU_CONNECT_DB_KEY, schema
    )
    seen = heroku_connect.detail(connection.region_url, connection.connection_id)
    if seen.state == states.NEW:
        return _poll("Heroku Connect to take the database", claim)
    return _configured(seen, schema)


def _configured(seen: heroku_connect.Detail, schema: str) -> Outcome:
    if seen.schema_name != schema:
        raise Blocked(
            f"Heroku Connect is set to the schema {seen.schema_name!r} and not to {schema!r}. "
            "Somebody else configured this add-on: off-board the tenant and let it start over."
        )
    return Done(f"Data will go to the schema {schema}.", {"state": seen.state})


def waiting_for_consent(claim: Claim) -> Outcome:
    """The admin signs in to Salesforce, which also shows that this person belongs to that org."""
    grant = SalesforceGrant.objects.filter(tenant=claim.tenant, status=GrantStatus.ACTIVE).first()
    if grant:
        return Done(f"{grant.username} signed in to Salesforce.")
    return _ask_to_sign_in(claim, "the admin's Salesforce sign-in")


def _ask_to_sign_in(claim: Claim, why: str) -> Wait:
    connection = claim.connection
    messages.queue(
        claim.tenant,
        MessageKind.SIGN_IN,
        key=f"sign_in:{connection.pk}:{_last_lost_grant(claim)}",
    )
    reminders.send_due(claim, MessageKind.SIGN_IN_REMINDER)
    rest = retry.next_reminder(timezone.now() - connection.stage_since)
    until = timezone.now() + rest if rest else None
    return Wait(until, why, WaitingOn.SUBSCRIBER)


def _last_lost_grant(claim: Claim) -> str:
    """A grant that was lost has to be asked for again, by a new mail."""
    grant = SalesforceGrant.objects.filter(tenant=claim.tenant).first()
    return f"{grant.issued_at:%Y%m%d%H%M%S}" if grant else "first"


def publishing_link(claim: Claim) -> Outcome:
    """Show the portal's own link in the org, where the package has a page for it."""
    salesforce.publish_link(
        claim.tenant, claim.connection.connection_id, links.connect_url(claim.tenant)
    )
    return Done(
        "The link to authorize Heroku Connect is in the org.",
        {"link_published_at": timezone.now()},
    )


def waiting_for_authorization(claim: Claim) -> Outcome:
    """Wait until the connection is authorized, and refuse any org but this tenant's."""
    connection, now = claim.connection, timezone.now()
    messages.queue(claim.tenant, MessageKind.AUTHORIZE, key=f"authorize:{connection.pk}")
    reminders.send_due(claim, MessageKind.AUTHORIZE_REMINDER)
    seen = heroku_connect.detail(connection.region_url, connection.connection_id)
    if not seen.organization_id:
        pause = retry.poll_person(now - connection.stage_since)
        return Wait(
            now + pause,
            "the admin to authorize Heroku Connect",
            WaitingOn.SUBSCRIBER,
            facts={"state": seen.state, "seen_at": now},
        )
    if not _same_org(seen.organization_id, claim.tenant.org_id):
        raise Blocked(
            f"The wrong org was authorized: {seen.organization_id} ({seen.username}) instead of "
            f"{claim.tenant.org_id}. Nothing was imported. A connection can never change its org: "
            "use “Start over” to make a new one, and send the link again."
        )
    return Done(
        f"{seen.username or 'Somebody'} authorized Heroku Connect.{_permission_warning(seen)}",
        {
            "state": seen.state,
            "seen_at": now,
            "organization_id": claim.tenant.org_id,
            "salesforce_username": seen.username,
            "api_version": seen.api_version,
            "authorized_at": now,
        },
        EventKind.AUTHORIZED,
    )


def _same_org(seen: str, expected: str) -> bool:
    try:
        return orgid.normalize(seen) == expected
    except orgid.BadOrgId:
        return False


def _permission_warning(seen: heroku_connect.Detail) -> str:
    if seen.view_all_data is False:
        return " Warning: this user lacks “View All Data”, so records may be missing."
    return ""


def importing_mappings(claim: Claim) -> Outcome:
    """Send the template once, and again only when nothing of it is seen after a good while."""
    connection, now = claim.connection, timezone.now()
    template = connection.template or templates.default_for(connection)
    if template is None:
        raise Blocked("There is no mapping template: run `python manage.py setup_portal`.")
    document = templates.fill(template.document, claim.tenant.namespace)
    if connection.import_sent_at:
        seen = heroku_connect.detail(connection.region_url, connection.connection_id, deep=True)
        if templates.is_imported(document, seen.mappings) and seen.state != states.IMPORTING:
            return Done(f"The mappings of version {template.version} are imported.")
        if seen.state == states.IMPORTING or now - connection.import_sent_at < IMPORT_GRACE:
            return _poll("Heroku Connect to take the mappings", claim)
    _refuse_faulty(document, connection.plan)
    claim.record(template=template, import_sent_at=now)
    try:
        heroku_connect.import_mappings(connection.region_url, connection.connection_id, document)
    except http.Uncertain:
        raise
    except http.RemoteError:
        claim.record(import_sent_at=None)  # refused for certain: nothing to look for
        raise
    return _poll("Heroku Connect to take the mappings", claim)


def _refuse_faulty(document: templates.Document, plan: str) -> None:
    faults = lint.errors(lint.check(document, plan))
    if faults:
        raise Blocked("The mappings were not sent. " + " ".join(str(found) for found in faults))


def loading(claim: Claim) -> Outcome:
    """Wait until every mapping of the template is loaded."""
    connection = claim.connection
    seen = heroku_connect.detail(connection.region_url, connection.connection_id, deep=True)
    refresh.store(connection, seen)
    if states.is_broken(seen.state):
        raise Blocked(f"Heroku Connect reports {seen.state}: {states.advice(seen.state)}")
    broken = [found for found in seen.mappings if states.is_broken_mapping(found.state)]
    if broken:
        named = ", ".join(f"{found.object_name} ({found.state})" for found in broken)
        raise Blocked(
            f"Mappings cannot be loaded: {named}. Does the org have these objects and fields?"
        )
    if not seen.mappings or any(found.state != states.SYNCED for found in seen.mappings):
        return _poll("Heroku Connect to load the data", claim, LOADING_PATIENCE)
    return Done("All mappings are loaded. Live.", {"live_at": timezone.now()}, EventKind.LIVE)


def offboarding(claim: Claim) -> Outcome:
    """End it: pause, take back the grant, delete the add-on, then keep or drop the schema."""
    connection = claim.connection
    patient = connection.attempts < COURTESY_ATTEMPTS
    if connection.connection_id and connection.addon_id:
        address = (connection.region_url, connection.connection_id)
        _courteously(patient, lambda: heroku_connect.pause(*address))
    if not connection.start_over:
        _courteously(patient, lambda: consent.revoke(claim.tenant.pk))
    if connection.addon_requested_at:
        _delete_addon(connection.addon_name)
    if connection.schema_fate == SchemaFate.DROP and connection.schema_name:
        schemas.drop(connection.schema_name)
    kept = "dropped" if connection.schema_fate == SchemaFate.DROP else "kept"
    return Done(f"The add-on is deleted and the schema {kept}.")


def _delete_addon(name: str) -> None:
    try:
        heroku.delete_addon(settings.APP_NAME, name)
    except http.ConfirmationRequired:  # staff confirmed it when they off-boarded the tenant
        heroku.delete_addon(settings.APP_NAME, name, confirm=settings.APP_NAME)


def _courteously(patient: bool, act: Callable[[], None]) -> None:
    """Do what is polite before the end; after some attempts go on without it.

    Deleting the add-on stops the synchronization anyway, so a peer that refuses must not keep a
    paid add-on alive.
    """
    try:
        act()
    except (http.Retryable, consent.GrantTrouble):
        if patient:
            raise
    except (http.RemoteError, consent.GrantLost):
        return


def _poll(
    why: str,
    claim: Claim,
    patience: timedelta = MACHINE_PATIENCE,
    facts: dict[str, object] | None = None,
) -> Wait:
    now = timezone.now()
    pause = retry.poll_machine(now - claim.connection.stage_since)
    return Wait(now + pause, why, WaitingOn.HEROKU, patience, facts or {})


STEPS: dict[Stage, Callable[[Claim], Outcome]] = {
    Stage.WAITING_FOR_PROOF: waiting_for_proof,
    Stage.CREATING_ADDON: creating_addon,
    Stage.LINKING: linking,
    Stage.CONFIGURING_DATABASE: configuring_database,
    Stage.WAITING_FOR_CONSENT: waiting_for_consent,
    Stage.PUBLISHING_LINK: publishing_link,
    Stage.WAITING_FOR_AUTHORIZATION: waiting_for_authorization,
    Stage.IMPORTING_MAPPINGS: importing_mappings,
    Stage.LOADING: loading,
    Stage.OFFBOARDING: offboarding,
}
