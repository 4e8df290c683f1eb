"""Versions of the mappings, what they are made from, and one tenant's objects."""

import copy
import json
import re
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse
from django_q.models import OrmQ

from connect.health import refresh
from connect.mappings import templates
from connect.models import (
    DefaultTemplate,
    Drift,
    DriftState,
    Incident,
    Mapping,
    MappingTemplate,
    Tag,
)
from portal import roles
from portal.models import BulkItem
from tenants.models import Event, Tenant
from tests import cast, queue
from tests.connect import fleet as fleets
from tests.connect.fleet import Fleet
from tests.portal.admin import rows, strangers, walk
from tests.portal.admin.conftest import SignIn, signed_in

pytestmark = pytest.mark.django_db
FAULTY = {"mappings": [{"object_name": "Account", "config": {"access": "all", "fields": {}}}]}
WRITING = copy.deepcopy(fleets.FIRST)
WRITING["mappings"][0]["config"]["access"] = "read_write"


@pytest.fixture
def fleet(db: None, emulator: Any) -> Fleet:
    return Fleet(emulator, fleets.version(fleets.FIRST))


def add(client: Client, document: str = "", **more: Any) -> tuple[int, str]:
    data = {"notes": "Posts too.", "package": "current", "document": document, **more}
    answer = client.post(walk.page(MappingTemplate, "add"), data)
    return answer.status_code, answer.content.decode()


def test_a_new_version_gets_the_next_number_and_its_authors_name(manager: Client) -> None:
    for document in (fleets.FIRST, fleets.SECOND):
        assert add(manager, json.dumps(document))[0] == 302
    versions = MappingTemplate.objects.values_list("version", "author", "notes", "made_from")
    assert list(versions) == [(2, "mia", "Posts too.", "text"), (1, "mia", "Posts too.", "text")]


def test_the_form_begins_with_the_newest_version(manager: Client) -> None:
    MappingTemplate.objects.create(version=7, document=rows.DOCUMENT)
    form = manager.get(walk.page(MappingTemplate, "add")).context["adminform"].form
    assert json.loads(form["document"].value()) == rows.DOCUMENT


def test_an_export_is_uploaded_and_its_namespace_becomes_a_placeholder(manager: Client) -> None:
    export = fleets.document(hcmc__Tweet__c=fleets.config("hcmc__Body__c"))
    export["connection"] = {"app_name": "an-app", "organization_id": "00D"}
    upload = SimpleUploadedFile("export.json", json.dumps(export).encode())
    status, html = add(manager, upload=upload, namespace="hcmc")
    assert status == 302, html
    made = MappingTemplate.objects.get()
    assert made.made_from == "the file export.json"
    assert "connection" not in made.document
    (mapping,) = made.document["mappings"]
    assert mapping["object_name"] == "{ns}Tweet__c"
    assert "{ns}Body__c" in mapping["config"]["fields"]


def test_a_tenants_live_mappings_become_a_version(manager: Client, fleet: Fleet) -> None:
    member = fleet.add(cast.ACME)
    assert "the same as version 1" in add(manager, org_id=cast.ACME["org_id"])[1]
    fleets.map_more(fleet, member, "Account", "Phone", "Website")
    assert add(manager, org_id=cast.ACME["org_id"])[0] == 302
    made = MappingTemplate.objects.first()
    assert made is not None
    assert made.made_from == f"the live mappings of {cast.ACME['org_id']}"
    assert "revision" not in made.document["mappings"][0]["config"]


def test_live_mappings_that_cannot_be_had_are_explained(manager: Client, fleet: Fleet) -> None:
    fleet.add(cast.ACME)
    fleet.running.fail("region", method="GET", status=503)
    assert "cannot be read now" in add(manager, org_id=cast.ACME["org_id"])[1]
    assert "no connection" in add(manager, org_id=cast.BOREALIS["org_id"])[1]
    assert "is not an organization id" in add(manager, org_id="nonsense")[1]
    assert MappingTemplate.objects.count() == 1


def shown(client: Client, document: str = "", **more: Any) -> dict[str, Any]:
    """Send the form, expect it back, and return what a browser would send the next time."""
    data = {"notes": "Posts too.", "package": "current", "document": document, **more}
    answer = client.post(walk.page(MappingTemplate, "add"), data)
    assert answer.status_code == 200
    form = answer.context["adminform"].form
    fields = {each.name: each.value() or "" for each in form if each.name != "upload"}
    # Browsers send the lines of a text field so.
    return {**fields, "document": str(fields["document"]).replace("\n", "\r\n")}


def file(document: Any, name: str = "export.json") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, json.dumps(document, indent=2).encode())


def test_an_uploaded_file_is_not_lost_when_the_form_asks_about_its_warnings(
    manager: Client,
) -> None:
    fleets.version(fleets.FIRST)
    again = shown(manager, json.dumps(fleets.FIRST), upload=file(WRITING), namespace="acme")
    assert json.loads(again["document"]) == WRITING
    assert again["namespace"] == "acme"
    assert add(manager, **{**again, "accept_warnings": "on"})[0] == 302
    made = MappingTemplate.objects.get(version=2)
    assert made.document == WRITING
    assert made.made_from == "the file export.json"


def test_a_kept_file_is_named_and_an_edit_of_its_text_is_shown(manager: Client) -> None:
    again = shown(manager, upload=file(FAULTY, "<b>.json"))
    answer = manager.post(walk.page(MappingTemplate, "add"), again)
    assert "The text below is that of &lt;b&gt;.json." in answer.content.decode()
    assert add(manager, **{**again, "document": json.dumps(fleets.FIRST)})[0] == 302
    assert MappingTemplate.objects.get().made_from == "the file <b>.json, edited"


def test_a_file_with_a_fault_is_named_at_once(manager: Client) -> None:
    fleets.version(fleets.FIRST)
    malformed = SimpleUploadedFile("cut.json", b'{"mappings": [')
    for upload in (malformed, file(fleets.FIRST, "cut.json"), file(FAULTY, "cut.json")):
        html = unescape(add(manager, upload=upload)[1])
        assert "The text below is that of cut.json." in html
        assert "<li>cut.json: " in html


def test_a_second_file_replaces_the_one_that_is_kept(manager: Client) -> None:
    again = shown(manager, upload=file(FAULTY, "first.json"))
    assert add(manager, **again, upload=file(fleets.FIRST, "second.json"))[0] == 302
    assert MappingTemplate.objects.get().made_from == "the file second.json"


def test_a_file_that_cannot_be_kept_is_named_and_nothing_else_is_saved(manager: Client) -> None:
    upload = SimpleUploadedFile("photo.png", b"\xff\xd8")
    status, html = add(manager, json.dumps(fleets.FIRST), upload=upload)
    assert status == 200
    assert "photo.png: It is not text in UTF-8" in html
    empty = SimpleUploadedFile("empty.json", b"")
    assert "is empty" in add(manager, json.dumps(fleets.FIRST), upload=empty)[1]
    assert not MappingTemplate.objects.exists()


def test_a_file_and_a_tenant_at_once_are_refused(manager: Client, fleet: Fleet) -> None:
    fleet.add(cast.ACME)
    both = shown(manager, upload=file(fleets.SECOND), org_id=cast.ACME["org_id"])
    assert (json.loads(both["document"]), both["org_id"]) == (fleets.SECOND, cast.ACME["org_id"])
    assert MappingTemplate.objects.count() == 1


def test_a_version_that_equals_the_newest_is_refused(manager: Client) -> None:
    fleets.version(fleets.FIRST)
    html = add(manager, upload=file(fleets.FIRST))[1]
    assert "This is the same as version 1, the newest one for today&#x27;s package." in html
    assert add(manager, json.dumps(fleets.FIRST), package="2016")[0] == 302
    assert add(manager, json.dumps(fleets.SECOND))[0] == 302
    # An older one may come back.
    assert add(manager, json.dumps(fleets.FIRST))[0] == 302
    versions = MappingTemplate.objects.order_by("version").values_list("package", flat=True)
    assert list(versions) == ["current", "2016", "current", "current"]


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ("", "It is empty."),
        ("{", "The JSON is malformed"),
        ("[1]", "must be one JSON object"),
        ('{"mappings": {}}', "must be a list"),
        ('{"mappings": []}', "no list “mappings”"),
        ("[" * 50_000, "nested"),
        (json.dumps(FAULTY), "access must be one of read_only, read_write."),
    ],
)
def test_what_heroku_connect_would_refuse_is_refused_here(
    manager: Client, document: str, complaint: str
) -> None:
    status, html = add(manager, document)
    assert status == 200
    assert complaint in html
    assert not MappingTemplate.objects.exists()


def test_ten_megabytes_are_refused_as_a_file_and_as_text(manager: Client) -> None:
    heavy = b" " * 10 * 1024 * 1024
    upload = SimpleUploadedFile("heavy.json", heavy)
    assert "It has 10.0 MB; the maximum is 2 MB." in add(manager, upload=upload)[1]
    answer = manager.post(walk.page(MappingTemplate, "add"), {"document": heavy.decode()})
    assert answer.status_code == 413
    assert "The text is too long" in answer.content.decode()
    assert not MappingTemplate.objects.exists()


def test_five_thousand_fields_are_refused_with_the_number(manager: Client) -> None:
    fields = [f"Field_{number}__c" for number in range(5000)]
    document = fleets.document(Account=fleets.config(*fields))
    assert "It has 5,005 fields" in add(manager, json.dumps(document))[1]


def test_warnings_are_asked_about(manager: Client) -> None:
    status, html = add(manager, json.dumps(WRITING))
    assert status == 200
    assert "no-identifier" in html
    assert add(manager, json.dumps(WRITING), accept_warnings="on")[0] == 302


def test_a_version_is_never_changed(superuser: Client) -> None:
    template = MappingTemplate.objects.create(version=1, document=rows.DOCUMENT)
    url = walk.page(MappingTemplate, "change", template.pk)
    assert superuser.post(url, {"notes": "x", "document": "{}"}).status_code == 403
    assert "<textarea" not in superuser.get(url).content.decode()
    with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
        MappingTemplate.objects.update(document={})
    MappingTemplate.objects.update(notes="Said better.")


def test_only_managers_add_versions(operator: Client) -> None:
    assert add(operator, json.dumps(fleets.FIRST))[0] == 403


def test_the_list_shows_what_a_version_maps_and_how_many_tenants_use_it(viewer: Client) -> None:
    strangers.make(3)
    (newest, *_, first) = (
        viewer.get(walk.page(MappingTemplate, "changelist")).context["cl"].result_list
    )
    assert (first.version, first.connections_on_it) == (1, 3)
    assert newest.connections_on_it == 0


@pytest.mark.parametrize("namespace", ["", "hcmc"])
def test_the_shipped_version_has_no_finding_on_its_own_page(
    viewer: Client, settings: Any, namespace: str
) -> None:
    settings.FORCE_NAMESPACE = namespace
    first, of_2016 = templates.ensure_first()
    assert (
        "Findings"
        not in viewer.get(walk.page(MappingTemplate, "change", first.pk)).content.decode()
    )
    page = viewer.get(walk.page(MappingTemplate, "change", of_2016.pk))
    assert [each.rule for each in page.context["findings"]] == ["no-identifier"]


def test_a_versions_page_lints_for_the_plan_that_is_set(viewer: Client, settings: Any) -> None:
    fast = fleets.document(Account=fleets.config(sf_polling_seconds=120))
    page = walk.page(MappingTemplate, "change", fleets.version(fast).pk)
    assert [each.rule for each in viewer.get(page).context["findings"]] == ["polling"]
    settings.HEROKU_CONNECT_PLAN = "herokuconnect:enterprise"
    assert viewer.get(page).context["findings"] == []


def test_export_edit_add_keeps_the_placeholder(manager: Client) -> None:
    first, _ = templates.ensure_first()
    url = reverse("admin:connect_mappingtemplate_export", args=[first.pk])
    exported = manager.get(url).json()
    assert exported == first.document
    assert "the same as version 1" in add(manager, upload=file(exported))[1]
    exported["mappings"][0]["config"]["fields"]["Phone"] = {}
    assert add(manager, upload=file(exported))[0] == 302
    assert MappingTemplate.objects.get(version=3).document == exported


def test_a_version_is_exported_as_heroku_connect_takes_it(viewer: Client) -> None:
    template = MappingTemplate.objects.create(
        version=3, document=fleets.document(**{"{ns}Tweet__c": fleets.config("{ns}Body__c")})
    )
    url = reverse("admin:connect_mappingtemplate_export", args=[template.pk])
    answer = viewer.get(url, {"namespace": "hcmc"})
    assert "mappings-version-3-hcmc.json" in answer["Content-Disposition"]
    (mapping,) = answer.json()["mappings"]
    assert mapping["object_name"] == "hcmc__Tweet__c"
    assert "hcmc__Body__c" in mapping["config"]["fields"]
    assert viewer.get(url, {"namespace": ""}).json()["mappings"][0]["object_name"] == "Tweet__c"
    assert viewer.get(url, {"namespace": "x}{"}).status_code == 404


# --- side by side ---------------------------------------------------------------------------------


def compare(client: Client, **sides: str | int) -> str:
    asked = {name.replace("_", "-", 1): side for name, side in sides.items()}
    return client.get(reverse("admin:connect_mappingtemplate_compare"), asked).content.decode()


def test_two_versions_are_shown_side_by_side_with_what_it_costs(
    viewer: Client, fleet: Fleet
) -> None:
    fleet.add()
    fleet.add()
    second = fleets.version(fleets.SECOND)
    html = compare(viewer, left_version=fleet.first.pk, right_version=second.pk)
    assert "Segment__c" in html
    assert "A new column is filled by reading 2 rows again." in html
    assert "An import does not remove this mapping" in html
    assert "No difference" in compare(viewer, left_version=second.pk, right_version=second.pk)


def test_a_tenants_live_mappings_are_compared_with_a_version(viewer: Client, fleet: Fleet) -> None:
    fleet.add(cast.CIRRUS)
    org_id = cast.CIRRUS["org_id"]
    assert "No difference" in compare(viewer, left_version=fleet.first.pk, right_org_id=org_id)
    second = fleets.version(fleets.SECOND)
    html = compare(viewer, left_org_id=org_id, right_version=second.pk)
    assert "Cirrus, live" in html
    assert "reading 1 row again" in html
    assert fleet.calls("POST") == 0


# --- one mapping ----------------------------------------------------------------------------------


def act(client: Client, mapping: Mapping, name: str, **data: Any) -> int:
    url = reverse("admin:connect_mapping_act", args=[mapping.pk, name])
    return client.post(url, {"confirmed": "yes", **data}).status_code


def work_off() -> str:
    """Do what is pressed, as the worker would; return the outcome's text."""
    queue.drain()
    item = BulkItem.objects.latest("pk")
    assert item.ended_at
    return item.text


def edited(mapping: Mapping, *fields: str, **more: Any) -> dict[str, Any]:
    return {
        "access": "read_only",
        "sf_polling_seconds": 600,
        "fields_wanted": "\n".join([*fleets.SYSTEM, *fields]),
        "revision": mapping.config["revision"],
        **more,
    }


@pytest.fixture
def account(fleet: Fleet) -> Mapping:
    return fleet.add(cast.ACME).connection.mappings.get(object_name="Account")


def test_a_mapping_is_reloaded_diagnosed_and_deleted(manager: Client, account: Mapping) -> None:
    assert act(manager, account, "reload") == 302
    assert "Reload: Account is being loaded again. Rows to read again" in work_off()
    assert act(manager, account, "diagnose") == 302
    assert "Heroku Connect finds nothing wrong" in work_off()
    assert act(manager, account, "delete") == 302
    assert "no longer mapped" in work_off()
    assert not Mapping.objects.filter(object_name="Account").exists()
    event = Event.objects.latest("pk")
    assert (event.actor, "Account" in event.text) == ("mia", True)
    # The portal did it itself, so the page does not say "same" until the next comparison.
    assert Drift.objects.get(connection=account.connection).state == DriftState.DRIFTED


def test_one_tenants_fields_are_edited(operator: Client, account: Mapping, fleet: Fleet) -> None:
    assert act(operator, account, "edit", **edited(account, "Phone", "Website")) == 302
    assert "Account is changed" in work_off()
    assert "Website" in fleet.mapped(fleet.members[0])["Account"]


def test_the_form_opens_with_the_mapping_as_it_is(operator: Client, account: Mapping) -> None:
    url = reverse("admin:connect_mapping_act", args=[account.pk, "edit"])
    form = operator.get(url).context["form"]
    assert form["fields_wanted"].value().splitlines() == list(account.config["fields"])
    assert (form["access"].value(), form["sf_polling_seconds"].value()) == ("read_only", 600)
    assert form["revision"].value() == account.config["revision"]


def followed(client: Client, mapping: Mapping) -> str:
    """Return what an open page of a mapping shows next; "" if it no longer asks."""
    page = client.get(walk.page(Mapping, "change", mapping.pk)).content.decode()
    found = re.search(r'data-live="([^"]+)" data-live-every="2"', page)
    return unescape(found[1]) if found else ""


@pytest.mark.parametrize(
    ("name", "answers", "outcome"),
    [
        ("diagnose", {}, "Heroku Connect finds nothing wrong"),
        ("edit", {"fields": ["Foo__c"]}, "Nothing was sent. Account.Foo__c: The org does not have"),
        ("delete", {}, "no longer mapped"),
    ],
)
def test_the_page_of_a_mapping_follows_an_action_to_its_outcome(
    manager: Client, account: Mapping, name: str, answers: dict[str, Any], outcome: str
) -> None:
    assert not followed(manager, account)
    act(manager, account, name, **edited(account, *answers.get("fields", [])))
    url = followed(manager, account)
    assert "Waiting" in manager.get(url).content.decode()
    work_off()
    answer = manager.get(url).content.decode()
    assert outcome in unescape(answer)
    assert 'id="row-actions" data-live-part' in answer
    assert 'data-live-every="0"' in answer


def test_those_who_may_not_see_mappings_follow_none(client: Client, account: Mapping) -> None:
    url = walk.page(Mapping, "follow", account.pk)
    assert client.get(url)["Location"].startswith("/admin/login/")
    assert signed_in(User.objects.create_user("nobody", is_staff=True)).get(url).status_code == 403


def test_an_edit_that_was_not_saved_is_offered_again(
    operator: Client, account: Mapping, fleet: Fleet
) -> None:
    act(operator, account, "edit", **edited(account, "Foo__c", sf_polling_seconds=900))
    work_off()
    url = reverse("admin:connect_mapping_act", args=[account.pk, "edit"])
    answer = operator.get(url)
    form = answer.context["form"]
    assert "Foo__c" in form["fields_wanted"].value().splitlines()
    assert form["sf_polling_seconds"].value() == 900
    assert form["revision"].value() == account.config["revision"]
    page = unescape(answer.content.decode())
    assert "what olga entered" in page
    assert "The org does not have this field" in page
    assert "it adds Foo__c." in page
    assert "sf_polling_seconds changes from 600 to 900." in page
    # One that was saved leaves nothing to repeat.
    act(operator, account, "edit", **edited(account, "Website"))
    work_off()
    form = operator.get(url).context["form"]
    assert "Foo__c" not in form["fields_wanted"].value()


def test_a_field_that_the_org_has_lost_goes_with_its_index_and_the_mapping_works_again(
    operator: Client, emulator: Any
) -> None:
    indexed = fleets.config("Segment__c", indexes={"Segment__c": {"unique": False}})
    fleet = Fleet(emulator, fleets.version(fleets.document(Account=indexed)))
    member = fleet.add(cast.ACME)
    fleet.remove_field(member, "Account", "Segment__c")
    emulator.control("POST", "sync", {})
    assert member.remote.seen["mappings"][0]["state"] == "BAD_CONFIG"
    act(
        operator,
        member.connection.mappings.get(),
        "edit",
        **edited(member.connection.mappings.get()),
    )
    assert "Gone with their fields: the index on Segment__c." in work_off()
    emulator.control("POST", "sync", {})
    (seen,) = member.remote.seen["mappings"]
    assert (seen["state"], seen["config"]["indexes"]) == ("DATA_SYNCED", {})


def test_a_mapping_that_fails_is_quoted_on_its_page_its_tenants_and_in_the_incident(
    viewer: Client, account: Mapping, fleet: Fleet
) -> None:
    fleet.remove_field(fleet.members[0], "Account", "Phone")
    fleet.running.control("POST", "sync")
    for _ in range(2):  # a second look confirms it
        refresh.refresh(account.connection)
    words = "Account has no such field: Phone"
    tenant = account.connection.tenant
    for model, row in ((Tenant, tenant), (Mapping, account)):
        assert words in unescape(viewer.get(walk.page(model, "change", row.pk)).content.decode())
    assert words in Incident.objects.get().text


def test_a_default_version_has_to_suit_its_plan(manager: Client) -> None:
    fast = fleets.version(fleets.document(Account=fleets.config(sf_polling_seconds=120)))
    url, data = walk.page(DefaultTemplate, "add"), {"template": fast.pk, "environment": ""}
    page = manager.post(url, {**data, "plan": "herokuconnect:demo"}).content.decode()
    assert "the floor of the plan demo is 600" in page
    page = manager.post(url, {**data, "plan": "enterprise"}).content.decode()
    assert "enterprise is not a plan. Write it as herokuconnect:demo." in page
    assert manager.post(url, {**data, "plan": "herokuconnect:enterprise"}).status_code == 302


def test_an_edit_that_adds_a_warning_asks_first(operator: Client, emulator: Any) -> None:
    key = "Multiconnect_Id__c"
    wanted = fleets.config(key, access="read_write", upsert_field=key)
    fleet = Fleet(emulator, fleets.version(fleets.document(Account=wanted)))
    mapping = fleet.add(cast.ACME).connection.mappings.get()
    url = reverse("admin:connect_mapping_act", args=[mapping.pk, "edit"])
    assert "accept_warnings" not in operator.get(url).content.decode()
    answers = edited(mapping, key, access="read_write", upsert_field="")
    page = operator.post(url, {"confirmed": "yes", **answers}).content.decode()
    assert "a repeated write can create a duplicate record" in page
    assert "Save despite warnings" in page
    assert act(operator, mapping, "edit", **answers, accept_warnings="on") == 302
    assert "Account is changed" in work_off()
    # The mapping has this warning now, so a further edit adds none.
    mapping = Mapping.objects.get()
    again = edited(mapping, key, "Phone", access="read_write")
    assert act(operator, mapping, "edit", **again) == 302


def test_an_identifier_that_is_not_among_the_fields_is_not_sent(
    operator: Client, account: Mapping, fleet: Fleet
) -> None:
    act(operator, account, "edit", **edited(account, upsert_field="Website"))
    assert "[identifier-not-mapped]" in work_off()
    assert fleet.calls("PUT") == 0


def test_an_edit_of_a_row_that_another_user_has_changed_is_not_saved(
    operator: Client, account: Mapping, fleet: Fleet
) -> None:
    act(operator, account, "edit", **edited(account, "Website"))
    work_off()
    act(operator, account, "edit", **edited(account, "Industry"))
    assert "Account was changed after the page was opened" in work_off()
    assert "Industry" not in fleet.mapped(fleet.members[0])["Account"]


def test_an_edit_that_the_org_cannot_have_is_not_sent(
    operator: Client, account: Mapping, fleet: Fleet
) -> None:
    act(operator, account, "edit", **edited(account, "Nonsense__c"))
    said = work_off()
    assert "Account.Nonsense__c: The org does not have this field." in said
    assert "[unknown-field]" in said
    assert fleet.calls("PUT") == 0


def test_destructive_actions_ask_first(manager: Client, account: Mapping) -> None:
    for name in ("reload", "delete", "edit"):
        url = reverse("admin:connect_mapping_act", args=[account.pk, name])
        assert manager.get(url).status_code == 200
    assert not OrmQ.objects.exists()


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        (roles.VIEWER, set()),
        (roles.OPERATOR, {"reload", "diagnose"}),
        (roles.MANAGER, {"reload", "diagnose", "delete"}),
    ],
)
def test_each_role_does_to_a_mapping_what_it_may(
    sign_in: SignIn, five: dict[str, Tenant], role: str, allowed: set[str]
) -> None:
    client, mapping = sign_in(role), Mapping.objects.get()
    names = ("reload", "diagnose", "delete")
    assert {name for name in names if act(client, mapping, name) == 302} == allowed
    assert act(client, mapping, "explode") == 404


def test_a_tag_leaves_events_when_it_is_put_on_and_taken_off(
    operator: Client, five: dict[str, Tenant]
) -> None:
    acme = five["acme"]
    operator.post(walk.page(Tag, "add"), {"name": "pilot", "tenants": [acme.pk]})
    tag = Tag.objects.get()
    operator.post(walk.page(Tag, "change", tag.pk), {"name": "pilot", "tenants": []})
    noted = acme.events.order_by("pk").values_list("actor", "text")
    assert list(noted) == [("olga", "Tag pilot: put on."), ("olga", "Tag pilot: taken off.")]
