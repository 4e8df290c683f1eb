"""A tenant as JSON holds nothing about a person."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from connect.models import Condition, Connection, Health, Stage, WaitingOn
from portal.integrations import documents
from tests import cast

pytestmark = pytest.mark.django_db


def standing_of(connection: Connection) -> Any:
    """Return how its tenant stands as readers outside get it."""
    (document,) = documents.of_tenants([connection.tenant])
    assert "@" not in json.dumps(document)
    return document["standing"]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (
            {"blocked_at": timezone.now(), "blocked_reason": "Not org X (mia@acme.example.uat)."},
            "Not org X ([hidden]).",
        ),
        (
            {"waiting_for": "ops+sf@acme.example", "waiting_on": WaitingOn.SUBSCRIBER},
            "Waiting for [hidden] (subscriber).",
        ),
    ],
)
def test_what_looks_like_an_email_address_is_hidden(fields: dict[str, Any], said: str) -> None:
    connection = cast.connect(cast.enrol(cast.ACME), Stage.LINKING)
    Connection.objects.update(**fields)
    assert standing_of(connection)["reason"] == said


@pytest.mark.parametrize(
    ("note", "said"),
    [("Mia Muster asked for it", "The reason is known to staff."), ("", "No reason was given.")],
)
def test_of_a_pause_neither_its_author_nor_the_typed_note_is_said(note: str, said: str) -> None:
    acme, until = cast.enrol(cast.ACME), timezone.now() + timedelta(hours=1)
    connection = cast.connect(acme, Stage.LINKING)
    live = {"stage": Stage.LIVE, "organization_id": acme.org_id, "live_at": timezone.now()}
    Connection.objects.update(**live, paused_until=until, pause_note=note)
    Health.objects.create(
        connection=connection,
        condition=Condition.PAUSED,
        sampled_at=timezone.now(),
        paused_by="mia",
    )
    found = standing_of(connection)
    assert (found["word"], found["headline"][:13]) == ("paused", "Paused until ")
    assert found["reason"].startswith(said)
    assert "mia" not in json.dumps(found).lower()
