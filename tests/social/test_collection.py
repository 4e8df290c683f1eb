"""A round from end to end: who is asked, what is paid, what arrives, and who is skipped."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from social import (
    planning,
    switches,
    x,
)
from social.collection import CollectionRefused
from social.models import (
    CollectionRun,
    Handle,
    RunOutcome,
    Search,
    Spend,
)
from tenants.models import Switch
from tests import cast
from tests.social.live_tenants import XSide, go_live
from tests.social.rounds import result, round_of

pytestmark = pytest.mark.django_db


def test_posts_arrive_at_the_right_account_of_the_right_tenant(x_side: XSide) -> None:
    acme, cirrus = go_live(cast.ACME), go_live(cast.CIRRUS)
    (heroku,) = acme.add_accounts("@Heroku")
    (stratus,) = cirrus.add_accounts("https://x.com/stratus")
    x_side.post("Heroku", "Dynos!", likes=5, reposts=1)
    x_side.post("stratus", "Clouds")
    x_side.post("nobody", "Never asked for")
    run = round_of()
    assert acme.posts() == [(heroku, "Heroku", "Dynos!", 5.0, 1.0)]
    assert cirrus.posts() == [(stratus, "stratus", "Clouds", 0.0, 0.0)]
    assert (run.outcome, run.note) == (RunOutcome.DONE, "")
    assert (run.tenants, run.handles, run.searches, run.searches_done, run.calls) == (2, 2, 1, 1, 1)
    assert (run.posts_paid, run.inserted, run.updated) == (2, 2, 0)
    assert result(run, acme).inserted == 1


def test_a_handle_is_asked_for_once_however_many_tenants_share_it(x_side: XSide) -> None:
    tenants = [go_live(each, "shared") for each in (cast.ACME, cast.BOREALIS, cast.CIRRUS)]
    x_side.post("shared", "Hello")
    run = round_of()
    assert [each.bodies() for each in tenants] == [["Hello"]] * 3
    assert (run.calls, run.posts_paid, run.inserted) == (1, 1, 3)
    assert x_side.bill["billed"] == 1


def test_a_second_round_writes_nothing_and_pays_nothing(x_side: XSide) -> None:
    live = go_live(cast.ACME, *(f"handle{number}" for number in range(45)))
    x_side.post_many(*((f"handle{number}", f"Post {number}") for number in range(45)))
    first, second = round_of(), round_of()
    assert (first.searches, first.inserted) == (second.searches, 45)
    assert (second.calls, second.posts_paid, second.inserted, second.updated) == (
        first.calls,
        *(0, 0, 0),
    )
    assert x_side.bill["returned"] == 45
    assert len(live.log()) == 45
    assert not second.by_tenant.exists()


def test_only_what_is_new_is_paid_for(x_side: XSide) -> None:
    live = go_live(cast.ACME, "acme")
    x_side.post("acme", "Old", seconds_ago=300)
    round_of()
    x_side.post("acme", "New", seconds_ago=31)
    Handle.objects.update(cursor=x.id_at(timezone.now() - timedelta(seconds=200)))
    run = round_of()
    assert (run.posts_paid, run.inserted) == (1, 1)
    assert live.bodies() == ["New", "Old"]


def test_a_new_tenant_gets_what_others_have_paid_for(x_side: XSide) -> None:
    go_live(cast.ACME, "shared")
    x_side.post("shared", "Hello")
    round_of()
    late = go_live(cast.CIRRUS, "shared")
    run = round_of()
    assert (late.bodies(), run.posts_paid) == (["Hello"], 0)


def test_an_account_that_gets_a_known_handle_gets_its_posts(x_side: XSide) -> None:
    go_live(cast.ACME, "shared")
    late = go_live(cast.CIRRUS, "other")
    x_side.post("shared", "Hello")
    round_of()
    late.add_accounts("shared")
    assert round_of().posts_paid == 0
    assert late.bodies() == ["Hello"]


def test_all_pages_are_read(x_side: XSide) -> None:
    live = go_live(cast.ACME, "acme", tweet_id=True)
    x_side.post_many(*(("acme", f"Post {number}") for number in range(250)))
    run = round_of()
    assert (run.calls, run.posts_paid, run.inserted) == (3, 250, 250)
    assert len(set(live.bodies())) == 250
    assert not Search.objects.exists()


def test_counts_are_updated_by_the_last_look_of_the_day(
    x_side: XSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = go_live(cast.ACME, "acme")
    post_id = x_side.post("acme", "Hello", likes=1)
    round_of()
    x_side.control("PATCH", f"x/posts/{post_id}", {"likes": 40, "reposts": 2})
    # The test may run just after midnight, when the post is yesterday's.
    monkeypatch.setattr(planning, "_midnight", lambda now: now - timedelta(hours=1))
    run = round_of(recount=True)
    assert [row[2:] for row in live.posts()] == [("Hello", 40.0, 2.0)]
    assert (run.inserted, run.updated, run.posts_paid) == (0, 1, 0)
    assert x_side.bill["billed"] == Spend.objects.get().posts == 1


def test_hostile_handles_and_posts_do_no_harm(x_side: XSide) -> None:
    live = go_live(cast.ACME, "acme", "acme) OR (from:rich", "'; DROP TABLE account; --", "@")
    hostile = ["'); DROP TABLE tweet__c; --", "\u202eevil", "😀" * 5_000, '"q" \\N %s {}']
    for text in [*hostile, "nul\0", "\0"]:
        x_side.post("acme", text)
    run = round_of()
    assert sorted(live.bodies()) == sorted(
        [*hostile[:2], "😀" * 255, hostile[3], "nul\ufffd", "\ufffd"]
    )
    assert (run.handles, run.handles_refused, run.posts_dropped) == (1, 3, 0)
    reasons = [each["why"] for each in result(run, live).refused]
    assert len(reasons) == 3
    assert all(reasons)


# --- who gets nothing ----------------------------------------------------------------------------


def test_a_paused_tenant_costs_nothing_and_catches_up_when_it_is_resumed(x_side: XSide) -> None:
    live = go_live(cast.ACME, "mine", "shared")
    go_live(cast.CIRRUS, "shared")
    live.connection.state = "PAUSED"
    live.connection.save()
    x_side.post("mine", "Mine")
    x_side.post("shared", "Shared")
    run = round_of()
    assert (live.posts(), run.posts_paid, run.tenants_skipped) == ([], 1, 1)
    assert result(run, live).skipped == "it is paused"
    live.connection.state = "IDLE"
    live.connection.save()
    assert round_of().posts_paid == 1
    assert live.bodies() == ["Mine", "Shared"]


def test_a_read_only_mapping_is_not_written_to(x_side: XSide) -> None:
    live = go_live(cast.ACME, "acme")
    live.connection.mappings.filter(object_name="Tweet__c").update(access="read_only")
    x_side.post("acme", "Hello")
    run = round_of()
    assert (live.log(), run.calls) == ([], 0)
    assert "read_only" in result(run, live).skipped


def test_a_failure_of_one_tenant_does_not_stop_others(x_side: XSide) -> None:
    ember = {**cast.BOREALIS, "org_id": "00D7Q000000pQrSUAU", "name": "Ember AG"}
    acme, borealis, cirrus = (go_live(each, "shared") for each in (cast.ACME, cast.BOREALIS, ember))
    acme.rows("DROP TABLE {s}.account")  # not even readable
    borealis.rows("ALTER TABLE {s}.tweet__c DROP COLUMN body__c")  # not writable
    x_side.post("shared", "Hello")
    run = round_of()
    assert cirrus.bodies() == ["Hello"]
    assert (run.outcome, run.tenants_failed, run.inserted) == (RunOutcome.PARTIAL, 2, 1)
    assert run.note == "2 of 3 tenants failed."
    assert "account" in result(run, acme).error
    assert "body__c" in result(run, borealis).error
    borealis.rows("ALTER TABLE {s}.tweet__c ADD COLUMN body__c varchar(255)")
    run = round_of()
    assert (borealis.bodies(), run.posts_paid) == (["Hello"], 0)


def test_the_kill_switch_stops_a_round_before_the_next_search(
    x_side: XSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = go_live(cast.ACME, *(f"handle_{number:08d}" for number in range(40)))
    x_side.post_many(*((f"handle_{number:08d}", f"Post {number}") for number in range(40)))

    def off(run: CollectionRun) -> None:
        if run.searches_done:
            Switch.objects.update_or_create(name=switches.SOCIAL_JOB.name, defaults={"on": False})

    run = round_of(on_progress=off)
    assert (run.outcome, run.calls, len(live.bodies())) == (RunOutcome.PARTIAL, 1, 20)
    assert "kill switch" in run.note
    with pytest.raises(CollectionRefused, match="kill switch"):
        round_of()


def test_without_a_token_nothing_is_collected(settings: Settings) -> None:
    settings.X_BEARER_TOKEN = ""
    with pytest.raises(CollectionRefused, match="X_BEARER_TOKEN"):
        round_of()
