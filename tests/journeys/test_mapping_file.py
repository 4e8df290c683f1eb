"""A mapping file on its way: exported, edited, uploaded, asked about, saved, rolled out, live."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from connect.models import MappingTemplate, RolloutStatus
from tests import cast
from tests.connect.conftest import fleet
from tests.connect.fleet import Fleet
from tests.connect.rollouts.conftest import Work, work
from tests.connect.rollouts.driving import started

__all__ = ["fleet", "work"]
pytestmark = pytest.mark.django_db
ADD = "/admin/connect/mappingtemplate/add/"


@pytest.fixture
def staff() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("mia"))
    return client


def send(client: Client, **fields: Any) -> dict[str, Any]:
    """Send the form; return what its fields then hold, or nothing if it was saved."""
    answer = client.post(ADD, {"notes": "Written too.", "package": "current", **fields})
    if answer.status_code == 302:
        return {}
    form = answer.context["adminform"].form
    return {each.name: each.value() or "" for each in form if each.name != "upload"}


def test_an_edited_export_reaches_the_tenants_as_it_was_uploaded(
    fleet: Fleet,
    work: Work,
    staff: Client,
) -> None:
    member = fleet.add(cast.CIRRUS)
    newest = MappingTemplate.objects.get(version=2)
    url = reverse("admin:connect_mappingtemplate_export", args=[newest.pk])
    document = staff.get(url).json()
    config = document["mappings"][0]["config"]
    config["access"] = "read_write"
    config["fields"] |= {"{ns}Twitter__c": {}, "Website": {}}

    # The file is sent once; the form comes back for its warning, and is sent without the file.
    file = SimpleUploadedFile("edited.json", json.dumps(document).encode())
    back = send(staff, upload=file, document=json.dumps(newest.document))
    assert json.loads(back["document"]) == document
    assert send(staff, **back | {"accept_warnings": "on"}) == {}

    added = MappingTemplate.objects.get(version=3)
    assert (added.document, added.made_from) == (document, "the file edited.json")
    rollout = work(started(fleet, work, template=added))
    assert rollout.status == RolloutStatus.DONE
    assert {"hcmc__Twitter__c", "Website", "Segment__c"} <= fleet.mapped(member)["Account"]
    assert send(staff, document=json.dumps(document), accept_warnings="on") != {}
