"""Importing the mappings, and waiting until Heroku Connect has loaded them."""

import logging

from django.utils import timezone

from connect import returns
from connect.clients import heroku_connect, http
from connect.clients.accounts import remote_of
from connect.health import refresh, restarting, states
from connect.mappings import (
    arrival,
    asking,
    drift,
    first_version,
    last_seen,
    lint,
    placeholders,
)
from connect.mappings.asking import Described
from connect.mappings.documents import MappingDocument
from connect.models import BlockedKind, Connection, MappingTemplate, Package
from connect.provisioning.steps import authorization
from connect.runner.lease import Claim
from connect.runner.outcomes import Blocked, Done, StepOutcome
from connect.runner.polling import IMPORT_GRACE, LOADING_PATIENCE, poll
from tenants.models import EventKind

log = logging.getLogger(__name__)

_TAKING = "Heroku Connect to take the mappings"


def importing_mappings(claim: Claim) -> StepOutcome:
    """Send the template once, and again only if nothing of it is seen after a good while."""
    connection, now = claim.connection, timezone.now()
    # A version that was sent once stays: a newer default must not change it half-way.
    template = connection.template or first_version.choose(connection)
    if template is None:
        raise Blocked(
            BlockedKind.NO_VERSION,
            "There is no mapping version: run `python manage.py setup_portal`.",
        )
    document = placeholders.fill(template.document, claim.tenant.namespace)
    if connection.import_sent_at:
        seen = heroku_connect.detail(remote_of(connection), deep=True)
        if arrival.contains_all_fields(document, seen.mappings) and seen.state != states.IMPORTING:
            return Done(f"The mappings of {_named(template)} are imported.")
        if seen.state == states.IMPORTING or now - connection.import_sent_at < IMPORT_GRACE:
            return poll(_TAKING, connection.stage_since)
        restarting.require_working(claim, connection.attempts, seen.state)
    # Heroku Connect ignores some mistakes without an error, so they are looked for here.
    _require_valid(claim, document, {})
    described = _what_the_org_has(connection, document)
    _require_valid(claim, document, described)
    drift.remember(connection, described)
    claim.record(template=template, import_sent_at=now)
    return _import(claim, document)


def _named(template: MappingTemplate) -> str:
    # Today's package is what is expected; only the other one has to be pointed out.
    suits = "" if template.package == Package.CURRENT else ", for the package of 2016,"
    return f"version {template.version}{suits}"


def _what_the_org_has(connection: Connection, document: MappingDocument) -> Described:
    """Return what the org says of the mapped objects; nothing where Heroku Connect says nothing."""
    try:
        return asking.ask(asking.of(connection), document)
    except http.Permanent as error:
        log.warning("org not described connection=%s error=%s", connection.pk, error)
        return {}


def _require_valid(claim: Claim, document: MappingDocument, described: Described) -> None:
    org = lint.OrgFacts(claim.tenant.namespace, described)
    faults = lint.errors(lint.check(document, claim.connection.plan, org))
    if faults:
        found = " ".join(each.explained for each in faults)
        raise Blocked(BlockedKind.MAPPINGS_REFUSED, f"The mappings were not sent. {found}")


def _import(claim: Claim, document: MappingDocument) -> StepOutcome:
    connection = claim.connection
    try:
        heroku_connect.import_mappings(remote_of(connection), document)
    except http.Uncertain:  # it may have arrived: the next look tells
        raise
    except http.Conflict as busy:
        claim.record(import_sent_at=None)
        return _wait_until_idle(claim, busy)
    except http.RemoteError:
        claim.record(import_sent_at=None)  # certainly refused, so there is no effect to wait for
        raise
    return poll(_TAKING, connection.stage_since)


def _wait_until_idle(claim: Claim, busy: http.Conflict) -> StepOutcome:
    """Wait for a connection that takes no import now; one that is broken is restarted first."""
    connection = claim.connection
    seen = heroku_connect.detail(remote_of(connection), deep=False)
    restarting.require_working(claim, connection.attempts, seen.state)
    return poll(f"the connection to be idle ({busy.words})", connection.stage_since)


def loading(claim: Claim) -> StepOutcome:
    """Wait until every mapping of the template is loaded."""
    connection = claim.connection
    seen = heroku_connect.detail(remote_of(connection), deep=True)
    refresh.store(connection, seen)  # so that staff see the progress of each mapping
    is_authorized = not states.lacks_authorization(seen.state)
    returns.note_look(claim.tenant, is_authorized=is_authorized)
    if not is_authorized:
        return authorization.wait_for_authorization_again(claim)
    restarting.require_working(claim, connection.attempts, seen.state)
    restarting.require_loadable(claim, connection.attempts, seen.mappings)
    if not seen.mappings or any(found.state != states.SYNCED for found in seen.mappings):
        return poll("Heroku Connect to load the data", connection.stage_since, LOADING_PATIENCE)
    # An earlier comparison was with an earlier version.
    drift.store(connection, last_seen.document(connection))
    # A second import does not change since when the tenant is live.
    facts = {"live_at": connection.live_at or timezone.now()}
    return Done("All mappings are loaded. Live.", facts, EventKind.LIVE)
