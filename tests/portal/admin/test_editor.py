"""The mapping editor: an org's fields are ticked, and the next version comes of it."""

from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from connect.models import MappingTemplate
from tests import cast
from tests.connect import fleet as fleets
from tests.connect.fleet import Fleet

pytestmark = pytest.mark.django_db
URL = "admin:connect_mappingtemplate_edit"


@pytest.fixture
def fleet(db: None, emulator: Any) -> Fleet:
    made = Fleet(emulator, fleets.version(fleets.FIRST))
    made.add(cast.ACME)
    return made


def page(client: Client, fleet: Fleet) -> dict[str, Any]:
    """Open the editor, and return what a browser would send from it."""
    asked: dict[str, Any] = {"version": fleet.first.pk, "org_id": cast.ACME["org_id"]}
    return sent(client.get(reverse(URL), asked))


def sent(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 200, answer.content
    context = answer.context
    fields = {
        "version": context["editor"].base.pk,
        "org_id": cast.ACME["org_id"],
        "newest": context["newest"],
        "document": context["document_text"],
    }
    if "form" not in context:
        return fields
    form = {each.name: each.value() or "" for each in context["form"]}
    rows = context["rows"]
    return {
        **fields,
        **form,
        "open_object": context["editor"].open,
        "fields": [each.name for each in rows if each.mapped],
        "indexes": [each.name for each in rows if each.indexed],
    }


def press(client: Client, fields: dict[str, Any], what: str, **more: Any) -> Any:
    return client.post(reverse(URL), {**fields, "press": what, **more})


def text(answer: Any) -> str:
    return unescape(answer.content.decode())


def test_a_field_is_added_compared_and_becomes_the_next_version(
    manager: Client, fleet: Fleet
) -> None:
    fields = page(manager, fleet)
    fields["fields"] += ["Segment__c"]
    compared = press(manager, fields, "preview")
    assert "A new column is filled by reading 1 row again." in text(compared)
    assert "no findings" in text(compared)
    assert MappingTemplate.objects.count() == 1
    saved = press(manager, sent(compared), "save", notes="Segments.")
    made = MappingTemplate.objects.get(version=2)
    assert saved.headers["Location"].endswith(f"/{made.pk}/change/")
    assert "Segment__c" in made.document["mappings"][0]["config"]["fields"]
    assert (made.author, made.notes) == ("mia", "Segments.")
    assert made.made_from.startswith("the editor, from Version 1 and the org of ")


def test_answers_stay_when_another_object_is_opened(manager: Client, fleet: Fleet) -> None:
    fields = page(manager, fleet)
    fields["fields"] = [each for each in fields["fields"] if each != "Phone"]
    contact = sent(press(manager, fields, "open:Contact"))
    assert contact["open_object"] == "Contact"
    account = sent(press(manager, contact, "open:Account"))
    assert "Phone" not in account["fields"]


def test_an_object_is_added_by_its_name_and_taken_out(manager: Client, fleet: Fleet) -> None:
    fields = page(manager, fleet)
    tweet = sent(press(manager, fields, "add", add_object="tweet__C"))
    assert tweet["open_object"] == "Tweet__c"
    assert {"Id", "SystemModstamp"} <= set(tweet["fields"])
    left = press(manager, tweet, "remove:Tweet__c")
    assert [name for name, _ in left.context["objects"]] == ["Account", "Contact"]


def test_the_enter_key_adds_the_object_that_was_typed(manager: Client, fleet: Fleet) -> None:
    fields = page(manager, fleet)
    assert sent(press(manager, fields, "enter"))["open_object"] == "Account"
    added = sent(press(manager, fields, "enter", add_object="Tweet__c"))
    assert added["open_object"] == "Tweet__c"


def test_ticks_stay_beside_a_setting_that_is_wrong(manager: Client, fleet: Fleet) -> None:
    fields = page(manager, fleet)
    fields["fields"] += ["Segment__c"]
    refused = press(manager, fields, "preview", polling="soon")
    assert "A setting of Account is wrong: correct it first." in text(refused)
    assert "Enter a whole number." in text(refused)
    assert "Segment__c" in sent(refused)["fields"]


def test_an_index_without_its_field_is_not_dropped_in_silence(
    manager: Client, fleet: Fleet
) -> None:
    fields = page(manager, fleet)
    fields["indexes"] += ["Segment__c"]
    said = "Segment__c: an index needs its field. Tick Mapped too."
    assert said in text(press(manager, fields, "preview"))
    fields["fields"] += ["Segment__c"]
    both = press(manager, fields, "preview")
    assert said not in text(both)
    fields = sent(both)
    fields["fields"] = [each for each in fields["fields"] if each != "Segment__c"]
    assert said not in text(press(manager, fields, "preview"))


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("Nonsense__c", "Nonsense__c was not added: this org does not have it."),
        ("FAQ__kav", "FAQ__kav was not added: Heroku Connect does not map knowledge articles."),
        ("", "No object was not added"),
    ],
)
def test_an_object_that_cannot_be_mapped_is_not_added(
    manager: Client, fleet: Fleet, name: str, why: str
) -> None:
    assert why in text(press(manager, page(manager, fleet), "add", add_object=name))


def test_errors_prevent_saving_and_warnings_are_read_first(manager: Client, fleet: Fleet) -> None:
    fields = page(manager, fleet)
    fields["fields"] += ["Nope__c"]
    refused = press(manager, fields, "save")
    assert "Nothing was saved: correct the errors first." in text(refused)
    assert "The org does not have this field." in text(refused)
    fields = page(manager, fleet) | {"access": "read_write"}
    warned = press(manager, fields, "save")
    assert "Read the warnings, then tick the box." in text(warned)
    assert MappingTemplate.objects.count() == 1
    assert press(manager, sent(warned), "save", accept_warnings="on").status_code == 302


def test_what_is_no_change_or_comes_too_late_is_not_saved(manager: Client, fleet: Fleet) -> None:
    fields = page(manager, fleet)
    assert "This is the same as version 1" in text(press(manager, fields, "save"))
    fleets.version(fleets.SECOND)
    fields["fields"] += ["Website"]
    assert "Version 2 was added by mia after this page" in text(press(manager, fields, "save"))
    assert MappingTemplate.objects.count() == 2


def test_settings_that_are_not_valid_come_back(manager: Client, fleet: Fleet) -> None:
    fields = page(manager, fleet) | {"polling": "1"}
    answer = press(manager, fields, "open:Contact")
    assert answer.context["editor"].open == "Account"
    assert "greater than or equal to 60" in text(answer)


def test_a_document_that_was_spoiled_on_the_way_is_not_taken(manager: Client, fleet: Fleet) -> None:
    answer = press(manager, page(manager, fleet) | {"document": "{"}, "preview")
    assert "What was sent cannot be read." in text(answer)


def test_an_org_that_cannot_be_asked_is_explained(manager: Client, fleet: Fleet) -> None:
    fleet.running.fail("region", path="/schemas/", status=400, body={"message": "not now"})
    asked: dict[str, Any] = {"version": fleet.first.pk, "org_id": cast.ACME["org_id"]}
    assert "The org cannot be asked now." in text(manager.get(reverse(URL), asked))
    nobody = manager.get(reverse(URL), asked | {"org_id": cast.BOREALIS["org_id"]})
    assert "is not the org id of a live tenant" in text(nobody)


def test_the_start_offers_the_newest_version_and_the_live_orgs(
    manager: Client, fleet: Fleet
) -> None:
    html = text(manager.get(reverse(URL)))
    assert f'<option value="{fleet.first.pk}" selected>Version 1' in html
    assert cast.ACME["org_id"] in html
    assert "errorlist" not in html


def test_only_a_manager_edits_versions(operator: Client, viewer: Client, fleet: Fleet) -> None:
    for client in (operator, viewer):
        assert client.get(reverse(URL)).status_code == 403
        assert client.post(reverse(URL), {"press": "save"}).status_code == 403
