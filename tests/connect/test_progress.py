"""What a subscriber's page says is how the connection stands now, and never better."""

import pytest
from django.utils import timezone

from connect import standing
from connect.models import BlockedKind, Condition, IncidentKind, Stage, WaitingOn
from connect.standing import Facts, OpenIncident, Standing, subscriber
from tenants.models import GrantStatus, Tenant
from tenants.progress import Button, progress_of
from tests import cast, standings

pytestmark = pytest.mark.django_db
NOW = timezone.now()
LIVE = Facts(Stage.LIVE, NOW)


def incident(kind: IncidentKind) -> OpenIncident:
    return OpenIncident(kind, "It is wrong.", NOW)


@pytest.mark.parametrize(
    ("facts", "seen"),
    [each for each in standings.EVERY if each[0].stage != Stage.OFFBOARDED],
    ids=[seen.key for facts, seen in standings.EVERY if facts.stage != Stage.OFFBOARDED],
)
def test_each_state_is_said_in_its_own_words(facts: Facts, seen: Standing) -> None:
    tenant = cast.enrol(cast.ACME)
    connection = standings.make(tenant, facts)
    assert standing.of_tenant(tenant, connection).key == seen.key
    standings.sign_in(tenant, seen)
    found = progress_of(tenant)
    assert found.said == seen.subscriber
    assert found.is_live == (seen.subscriber == subscriber.LIVE)
    # The last step is ticked only where data is synchronized now.
    assert (found.live_at is not None) == found.is_live


@pytest.mark.parametrize(
    ("facts", "status", "expected"),
    [
        # Asked for from the start, also while the portal is at work.
        (Facts(Stage.LINKING, NOW), None, subscriber.SIGN_IN),
        (Facts(None, NOW), None, subscriber.SIGN_IN),
        (Facts(Stage.LINKING, NOW), GrantStatus.REFUSED, subscriber.SIGN_IN_AGAIN),
        # They signed in a moment ago, and the portal has not looked yet.
        (Facts(Stage.WAITING_FOR_CONSENT, NOW), GrantStatus.ACTIVE, subscriber.SETTING_UP),
        # The incident opens minutes later.
        (LIVE, GrantStatus.REFUSED, subscriber.INCIDENTS[IncidentKind.GRANT_LOST]),
        # Where something else is in the way, a sign-in would not help.
        (Facts(Stage.LINKING, NOW, blocked=BlockedKind.PAYMENT, blocked_reason="x"), None, None),
        (Facts(Stage.OFFBOARDING, NOW), GrantStatus.REVOKED, None),
        (Facts(Stage.WAITING_FOR_AUTHORIZATION, NOW, WaitingOn.SUBSCRIBER), None, None),
    ],
)
def test_the_sign_in_is_asked_for_where_it_helps(
    facts: Facts, status: GrantStatus | None, expected: object
) -> None:
    tenant = cast.enrol(cast.ACME)
    standings.make(tenant, facts)
    if status:
        standings.grant(tenant, status)
    assert progress_of(tenant).said == (expected or standing.judge(facts).subscriber)


def test_what_was_mended_a_moment_ago_is_recovering_for_staff_and_subscriber() -> None:
    tenant = cast.enrol(cast.ACME)
    standings.grant(tenant)
    facts = Facts(Stage.LIVE, NOW, incidents=(incident(IncidentKind.UNAUTHORIZED),))
    connection = standings.make(tenant, facts)
    assert progress_of(tenant).said.button == Button.AUTHORIZE
    assert connection is not None
    connection.incidents.update(absent_since=NOW)
    found = progress_of(tenant)
    assert (found.said, found.is_live) == (subscriber.RECOVERING, False)
    assert standing.of(connection).word == standing.Word.RECOVERING
    connection.incidents.update(kind=IncidentKind.GRANT_LOST, absent_since=None)
    assert progress_of(tenant).is_live


def test_the_worst_is_said_when_the_sign_in_is_lost_too() -> None:
    tenant = cast.enrol(cast.ACME)
    standings.grant(tenant, GrantStatus.REFUSED)
    standings.make(tenant, Facts(Stage.LIVE, NOW, condition=Condition.NEEDS_AUTHORIZATION))
    assert progress_of(tenant).said == subscriber.AUTHORIZE_AGAIN


def test_an_earlier_connection_says_nothing_of_the_next_one() -> None:
    tenant = cast.enrol(cast.ACME)
    standings.grant(tenant)
    standings.make(tenant, Facts(Stage.OFFBOARDED, NOW))
    Tenant.objects.update(offboarded_at=None)
    found = progress_of(tenant)
    assert (found.said, found.was_live) == (subscriber.NEW, False)
